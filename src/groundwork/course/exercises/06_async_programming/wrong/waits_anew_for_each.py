"""Each item that comes makes the others wait anew."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_wait_for_company_is_bounded",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def company(self):
        await super().company()
        waiting = 0
        while self.open and self.max_wait_s and waiting < len(self.queue) < self.max_size:
            waiting = len(self.queue)
            await asyncio.sleep(self.max_wait_s)
