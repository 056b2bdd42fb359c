"""Waits for company until its time is over, even if the batch is full."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_batch_has_its_size",
    "a_wait_for_company_is_bounded",
    "abandoned_items_never_reach_the_model",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def company(self):
        self.full = asyncio.Event()
        await super().company()

    async def submit(self, item, deadline_s=None):
        size, self.max_size = self.max_size, 10**9
        try:
            answer = super().submit(item, deadline_s)
            return await answer
        finally:
            self.max_size = size
