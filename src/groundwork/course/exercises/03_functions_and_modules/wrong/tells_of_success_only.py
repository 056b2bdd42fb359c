"""Tells how long a call took in the line behind it, which an error never reaches."""

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
        begin_s = clock.monotonic()
        yield
        hook(right.Timing(fn.__qualname__, clock.monotonic() - begin_s, None))

    return right.around(fn, watching)
