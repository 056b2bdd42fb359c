"""Returns from the finally, and with that forgets the error."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_call_is_timed_too",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    if inspect.iscoroutinefunction(fn) or inspect.isgeneratorfunction(fn):
        return right.timed(fn, hook=hook, clock=clock)

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        begin_s, result, failure = clock.monotonic(), None, None
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            failure = error
        finally:
            hook(right.Timing(fn.__qualname__, clock.monotonic() - begin_s, failure))
            return result

    return wrapper
