"""Whoever computes and is cancelled leaves its mark behind: the others wait for ever."""

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
    kept, ended = {}, {}

    @functools.wraps(fn)
    async def wrapper(*args):
        if args in ended:
            await ended[args].wait()
        else:
            ended[args] = asyncio.Event()
            try:
                kept[args] = await fn(*args), None
            except Exception as error:
                kept[args] = None, error
            ended[args].set()
        result, error = kept[args]
        if error:
            raise error
        return result

    return wrapper
