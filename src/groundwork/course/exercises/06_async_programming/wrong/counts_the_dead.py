"""Counts those who have left among those who wait."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "leavers_make_room",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    def waiting(self):
        return len(self.queue)

    def leave(self, entry):
        pass
