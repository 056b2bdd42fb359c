"""Asks the model for each item alone."""

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
        self.max_size, size = 1, self.max_size
        try:
            return super().take()
        finally:
            self.max_size = size
