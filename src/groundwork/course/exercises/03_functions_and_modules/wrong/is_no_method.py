"""The wrapper is an object with __call__ and without __get__: as a method it gets no self."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "methods_are_decorated_too",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

logged, cached, validated = right.logged, right.cached, right.validated


class Wrapper:
    def __init__(self, fn):
        functools.update_wrapper(self, fn)
        self.fn = fn

    def __call__(self, *args, **kwargs):
        return self.fn(*args, **kwargs)


@right.with_options
def timed(fn, **options):
    below = right.timed(fn, **options)
    return below if inspect.iscoroutinefunction(fn) else Wrapper(below)
