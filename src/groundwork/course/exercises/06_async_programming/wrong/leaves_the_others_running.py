"""A failure comes out, and the others go on for nobody, as in asyncio.gather."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_first_failure_ends_it_all",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    if limit < 1:
        return await right.gather_bounded(coros, limit)
    source, results = enumerate(coros), {}

    async def work():
        for place, coro in source:
            results[place] = await coro

    await asyncio.gather(*(work() for _ in range(limit)))
    return [results[place] for place in range(len(results))]


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
