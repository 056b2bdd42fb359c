"""The wrapper is a plain function that returns a coroutine: it can be awaited, but nobody knows."""

import functools
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_coroutine_function_stays_one",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

timed, logged, cached = right.timed, right.logged, right.cached


@right.with_options
def validated(fn, **options):
    below = right.validated(fn, **options)
    return functools.wraps(fn)(lambda *args, **kwargs: below(*args, **kwargs))
