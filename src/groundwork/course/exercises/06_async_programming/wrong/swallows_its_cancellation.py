"""Cancelled, it returns what it has, as if nothing had happened."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "cancelled_it_leaves_no_task",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    try:
        return await right.gather_bounded(coros, limit)
    except asyncio.CancelledError:
        return []


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
