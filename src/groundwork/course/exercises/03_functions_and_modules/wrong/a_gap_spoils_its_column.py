"""Takes mean and deviation of a column with NaN in it: both are NaN, and so is the column."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "constant_and_missing_are_scaled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

impute = right.impute


def scale(train, *others, how="standard"):
    spoilt = np.isnan(train).any(axis=0)
    return tuple(np.where(spoilt, np.nan, part) for part in right.scale(train, *others, how=how))
