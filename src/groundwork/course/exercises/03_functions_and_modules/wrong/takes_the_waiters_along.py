"""Keeps one task that all await: whoever of them is cancelled cancels it for all."""

import asyncio
import functools
import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_cancelled_computation_is_taken_over",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def cached(fn, **options):
    if not inspect.iscoroutinefunction(fn):
        return right.cached(fn, **options)
    kept = {}

    @functools.wraps(fn)
    async def wrapper(*args):
        if args not in kept or kept[args].cancelled():
            kept[args] = asyncio.ensure_future(fn(*args))
        return await kept[args]

    return wrapper
