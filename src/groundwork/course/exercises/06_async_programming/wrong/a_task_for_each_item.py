"""Makes a task for each item at once; a semaphore lets a few of them through."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_source_is_read_as_it_is_worked_off",
    "the_first_failure_ends_it_all",
    "many_items_need_few_tasks",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    if limit < 1:
        return await right.gather_bounded(coros, limit)
    semaphore = asyncio.Semaphore(limit)

    async def one(coro):
        try:
            async with semaphore:
                return await coro
        finally:
            coro.close()

    given = list(coros)
    try:
        return await right.gather_bounded([one(coro) for coro in given], len(given) + 1)
    finally:
        for coro in given:
            coro.close()


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
