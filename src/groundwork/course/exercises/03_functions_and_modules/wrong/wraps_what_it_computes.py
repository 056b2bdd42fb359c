"""Raises an error of its own where the function failed."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_error_is_not_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, **options):
    if inspect.iscoroutinefunction(fn):
        return right.cached(fn, **options)
    def wrapper(*args, **kwargs):
        try:
            return fn(*args, **kwargs)
        except OSError as error:
            raise OSError(f"{fn.__qualname__} failed") from error

    return right.cached(functools.wraps(fn)(wrapper), **options)
