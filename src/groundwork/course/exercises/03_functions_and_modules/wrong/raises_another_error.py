"""Raises an error of its own from the one that it has measured."""

import contextlib
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_call_is_timed_too",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    @contextlib.contextmanager
    def watching(args, kwargs):
        try:
            yield
        except BaseException as error:
            raise RuntimeError(f"{fn.__qualname__} failed") from error

    return right.around(right.timed(fn, hook=hook, clock=clock), watching)
