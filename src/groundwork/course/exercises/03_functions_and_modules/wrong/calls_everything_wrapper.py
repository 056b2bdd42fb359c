"""Names the record after the function that it has made itself."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_call_is_timed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return right.timed(wrapper, hook=hook, clock=clock)
