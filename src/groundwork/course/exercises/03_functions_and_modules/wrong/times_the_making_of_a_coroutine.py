"""Calls a coroutine function as any other: that takes a microsecond, and nothing has run yet."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_coroutine_is_timed_until_it_ends",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    if not inspect.iscoroutinefunction(fn):
        return right.timed(fn, hook=hook, clock=clock)

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        begin_s = clock.monotonic()
        try:
            return fn(*args, **kwargs)
        finally:
            hook(right.Timing(fn.__qualname__, clock.monotonic() - begin_s, None))

    return wrapper
