"""Tells of any failure in its own words; what the model said is lost."""

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
        answers = await super().answers(items)
        return [right.PredictionError("failed") if isinstance(answer, Exception) else answer for answer in answers]
