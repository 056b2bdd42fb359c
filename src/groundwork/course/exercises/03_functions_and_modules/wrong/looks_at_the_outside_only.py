"""Asks whether it is a list, and not of what."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_wrong_argument_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

_fits = right.fits
right.fits = lambda value, hint: isinstance(value, list) if hint == list[str] else _fits(value, hint)
validated = right.validated
