"""Has as many batches under way as its executor has threads."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "one_batch_at_a_time",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def work(self):
        threads = getattr(self.executor, "_max_workers", 1)
        await asyncio.gather(*(right.Batcher.work(self) for _ in range(threads)))
