"""Returns the inner function as it is: every function is called wrapper."""

import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_decorated_function_stays_itself",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

logged, cached, validated = right.logged, right.cached, right.validated


@right.with_options
def timed(fn, **options):
    below = right.timed(fn, **options)
    if inspect.iscoroutinefunction(fn) or inspect.isgeneratorfunction(fn):
        return below

    def wrapper(*args, **kwargs):
        return below(*args, **kwargs)

    return wrapper
