"""Logs that the function was called, and not with what."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_call_is_logged",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

right.shown = lambda fn, args, kwargs: "..."
logged = right.logged
