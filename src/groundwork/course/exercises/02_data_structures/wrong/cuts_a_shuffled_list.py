"""Shuffles the keys and cuts the list: one new row, and a third of the others move."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_new_row_moves_no_other",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, key=None, **options):
    return right.split(frame, kind=kind, **options)
