"""Takes all that waits, however many."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_batch_has_its_size",
    "abandoned_items_never_reach_the_model",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    def take(self):
        batch, self.queue = [entry for entry in self.queue if not entry[1].done()], right.deque()
        return batch
