"""Joins the texts of the arguments: 'x, 2' is 'x' and 2."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "different_arguments_are_different",
    "an_array_counts_by_its_content",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def key_of(value):
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return ", ".join(str(each) for each in value.values()) if isinstance(value, dict) else str(value)


right.key_of = key_of
cached = right.cached
