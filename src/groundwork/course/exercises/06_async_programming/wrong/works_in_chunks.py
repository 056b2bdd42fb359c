"""Works in chunks: each waits for the slowest of the one before."""

import itertools
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_free_place_is_taken_at_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    if limit < 1:
        return await right.gather_bounded(coros, limit)
    results, source = [], iter(coros)
    try:
        while chunk := list(itertools.islice(source, limit)):
            results += await right.gather_bounded(chunk, limit)
        return results
    finally:
        for coro in source:
            coro.close()


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
