"""Scales the test by the mean of the test: one row alone is always zero."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_test_is_not_learned_from",
    "constant_and_missing_are_scaled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

impute = right.impute


def scale(train, *others, how="standard"):
    parts = right.same_width(train, others)
    return tuple(right.scale(part, how=how)[0] for part in parts)
