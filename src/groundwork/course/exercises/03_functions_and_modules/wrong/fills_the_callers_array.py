"""Writes into the array that it was given."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_is_given_is_left_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

scale = right.scale


def impute(train, *others, how="median"):
    parts = right.same_width(train, others)
    for part, filled in zip(parts, right.impute(*parts, how=how)):
        part[:] = filled
    return tuple(part.copy() for part in parts)
