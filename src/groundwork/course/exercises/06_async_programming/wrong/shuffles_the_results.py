"""Gives results in the order in which they came."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "results_keep_their_places",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


async def gather_bounded(coros, limit):
    places = []

    async def noted(place, coro):
        result = await coro
        places.append(place)
        return result

    results = await right.gather_bounded([noted(place, coro) for place, coro in enumerate(coros)], limit)
    return [results[place] for place in places]


async def map_async(fn, items, limit):
    return await gather_bounded((fn(item) for item in items), limit)
