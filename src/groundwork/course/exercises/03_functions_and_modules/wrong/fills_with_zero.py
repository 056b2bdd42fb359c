"""What is missing becomes 0, which nobody has measured."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "a_gap_is_filled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

scale = right.scale


def impute(train, *others, how="median"):
    right.chosen({"median": 0, "mean": 0}, how)
    return tuple(np.nan_to_num(part, nan=0.0) for part in right.same_width(train, others))
