"""A cached coroutine function keeps the coroutine, which can be awaited once."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_coroutine_function_stays_one",
    "tasks_compute_it_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

timed, logged, validated = right.timed, right.logged, right.validated


@right.with_options
def cached(fn, **options):
    if not inspect.iscoroutinefunction(fn):
        return right.cached(fn, **options)
    kept = right.cached(lambda *args: fn(*args), **options)

    async def wrapper(*args):
        return await kept(*args)

    return functools.wraps(fn)(wrapper)
