"""What comes out of it is a group of errors, which no except clause of the caller's knows."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_first_failure_ends_it_all",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    try:
        return await right.gather_bounded(coros, limit)
    except Exception as error:
        raise ExceptionGroup("a call failed", [error]) from error


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
