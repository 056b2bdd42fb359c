"""An error is logged and is no more: the caller gets None."""

import functools
import inspect
import logging
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_logged_error_goes_on",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def logged(fn, logger=None, level=logging.DEBUG, clock=None):
    below = right.logged(fn, logger=logger, level=level)
    if inspect.iscoroutinefunction(fn):
        return below

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        try:
            return below(*args, **kwargs)
        except Exception:
            return None

    return wrapper
