"""When the model raises, all of the batch get the error."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_item_fails_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def answers(self, items):
        try:
            return self.checked(items, await self.run(items))
        except Exception as error:
            return [error] * len(items)
