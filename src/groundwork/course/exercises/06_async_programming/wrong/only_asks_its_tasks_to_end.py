"""Cancels its tasks and does not wait until they have ended."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "it_waits_for_what_it_cancelled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    if limit < 1:
        return await right.gather_bounded(coros, limit)
    opened = list(coros) if isinstance(coros, list) else []
    source, results, tasks = enumerate(coros), {}, []

    async def work():
        for place, coro in source:
            results[place] = await coro

    try:
        tasks += [asyncio.ensure_future(work()) for _ in range(limit)]
        await asyncio.gather(*tasks)
        return [results[place] for place in range(len(results))]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)
        for coro in opened:
            if coro.cr_frame is not None and not coro.cr_running and coro.cr_await is None:
                coro.close()


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
