"""Takes a deadline and does not look at it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_deadline_is_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def submit(self, item, deadline_s=None):
        return await super().submit(item)
