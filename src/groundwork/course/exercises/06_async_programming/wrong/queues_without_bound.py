"""Accepts whatever comes."""

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
    def waiting(self):
        return -1
