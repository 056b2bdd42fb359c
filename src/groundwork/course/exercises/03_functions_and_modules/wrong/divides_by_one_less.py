"""Takes the deviation of a sample, n - 1: nobody else does, and it is not 1 afterwards."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "columns_are_scaled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

impute = right.impute


def scale(train, *others, how="standard"):
    parts = right.scale(train, *others, how=how)
    n = len(train)
    return tuple(part * np.sqrt((n - 1) / n) for part in parts) if how == "standard" and n > 1 else parts
