"""Takes a wrong number of results for an item's fault, and asks again for each half."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_wrong_number_of_results_is_an_error",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def answers(self, items):
        answers = await super().answers(items)
        failed = all(isinstance(answer, right.PredictionError) for answer in answers)
        return await self.halves(items) if failed and len(items) > 1 else answers
