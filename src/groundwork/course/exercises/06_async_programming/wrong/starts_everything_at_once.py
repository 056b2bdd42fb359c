"""Starts everything at once; the limit is only looked at."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_limit_is_kept_and_used",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    given = list(coros)
    return await right.gather_bounded(given, max(limit, len(given)) if limit > 0 else limit)


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
