"""Serves whoever came last first."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_waits_together_is_one_batch",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    def take(self):
        self.queue.reverse()
        batch = super().take()
        self.queue.reverse()
        return batch
