"""Leaving the block, it answers the batch under way, and cancels what waits."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "leaving_answers_what_was_accepted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def __aexit__(self, *_):
        for _, future in self.queue:
            future.cancel()
        await super().__aexit__()
