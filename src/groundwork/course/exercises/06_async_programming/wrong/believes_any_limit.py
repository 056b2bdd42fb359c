"""Takes a limit of nothing for a semaphore that nobody gets through."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_limit_below_one_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    if limit < 1:
        await asyncio.get_running_loop().create_future()
    return await right.gather_bounded(coros, limit)


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
