"""Takes a level and logs as DEBUG, which nobody sees in production."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_call_is_logged",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def logged(fn, logger=None, level=None, clock=None):
    return right.logged(fn, logger=logger)
