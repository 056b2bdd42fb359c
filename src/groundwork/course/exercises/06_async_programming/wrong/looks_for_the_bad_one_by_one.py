"""When the model raises, it asks again for each item alone."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_bad_item_is_found_by_halving",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def halves(self, items):
        return [answer for item in items for answer in await self.answers([item])]
