"""Where nothing is missing there is nothing to do: the same array comes back."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "what_is_given_is_left_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

scale = right.scale


def impute(train, *others, how="median"):
    parts = right.same_width(train, others)
    return tuple(one if not np.isnan(one).any() else two for one, two in zip(parts, right.impute(*parts, how=how)))
