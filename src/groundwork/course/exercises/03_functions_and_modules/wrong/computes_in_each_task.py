"""Looks, awaits, puts: every task that came before the first put awaits as well."""

import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "tasks_compute_it_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, **options):
    if not inspect.iscoroutinefunction(fn):
        return right.cached(fn, **options)
    kept = {}

    @functools.wraps(fn)
    async def wrapper(*args):
        if args not in kept:
            kept[args] = await fn(*args)
        return kept[args]

    return wrapper
