"""Whoever leaves cancels the batch that its item is in."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_leaver_does_not_take_its_batch_along",
    "a_deadline_is_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def serve(self, batch):
        self.batch = batch
        await super().serve(batch)
        self.batch = []

    def leave(self, entry):
        super().leave(entry)
        if entry in getattr(self, "batch", []) and entry[1].cancelled():
            for _, future in self.batch:
                future.cancel()
