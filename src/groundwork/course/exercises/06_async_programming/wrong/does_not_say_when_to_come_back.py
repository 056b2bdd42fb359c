"""Refuses without a word about when to come back."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_queue_is_bounded",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    def wait_s(self):
        return None
