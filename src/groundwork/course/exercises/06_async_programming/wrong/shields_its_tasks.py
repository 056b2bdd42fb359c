"""Cancelled, it leaves its tasks running."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "cancelled_it_leaves_no_task",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    return await asyncio.shield(asyncio.ensure_future(right.gather_bounded(coros, limit)))


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
