"""Lets a caller wait until there is room, instead of telling it that there is none."""

import asyncio
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
    async def submit(self, item, deadline_s=None):
        while self.open and self.waiting() >= self.max_queue:
            await asyncio.sleep(0.1)
        return await super().submit(item, deadline_s)
