"""Works for callers who have left."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "abandoned_items_never_reach_the_model",
    "an_expired_item_never_reaches_the_model",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    def take(self):
        return [self.queue.popleft() for _ in range(min(self.max_size, len(self.queue)))]

    def leave(self, entry):
        pass
