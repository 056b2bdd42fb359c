"""Calls a generator function as any other, and measures how long it takes to make a generator."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_generator_is_timed_until_its_last_item",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def timed(fn, hook=None, clock=None):
    if not inspect.isgeneratorfunction(fn):
        return right.timed(fn, hook=hook, clock=clock)
    return functools.wraps(fn)(right.timed(lambda *args, **kwargs: fn(*args, **kwargs), hook=hook, clock=clock))
