"""Takes a clock and asks the time module."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_call_is_timed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    return right.timed(fn, hook=hook)
