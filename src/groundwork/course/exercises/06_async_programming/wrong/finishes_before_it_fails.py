"""Waits for all the others before it tells of a failure."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_first_failure_ends_it_all",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    async def kept(coro):
        try:
            return None, await coro
        except Exception as error:
            return error, None

    if limit < 1:
        return await right.gather_bounded(coros, limit)
    pairs = await right.gather_bounded([kept(coro) for coro in coros] if isinstance(coros, list) else (kept(coro) for coro in coros), limit)
    for error, _ in pairs:
        if error is not None:
            raise error
    return [result for _, result in pairs]


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
