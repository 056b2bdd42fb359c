"""Makes a list of what it is given before it begins."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_source_is_read_as_it_is_worked_off",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    return await right.gather_bounded(list(coros), limit)


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
