"""Calls the model on the loop, which stands still meanwhile."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_queue_is_bounded",
    "abandoned_items_never_reach_the_model",
    "a_deadline_is_kept",
    "the_loop_goes_on_while_the_model_works",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def run(self, items):
        return self.predict(items)
