"""Waits a millisecond after each batch, for callers to come back."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_model_is_never_idle_under_load",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def serve(self, batch):
        await super().serve(batch)
        if self.max_wait_s == 0.0 and self.queue:
            await asyncio.sleep(0.001)
