"""Forms a batch when items come, and lays it into the executor's queue."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_batch_is_formed_when_the_model_is_free",
    "the_queue_is_bounded",
    "abandoned_items_never_reach_the_model",
    "an_expired_item_never_reaches_the_model",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def work(self):
        batches = set()
        while self.open or self.queue:
            await self.company()
            if batch := self.take():
                batches.add(asyncio.ensure_future(self.serve(batch)))
        await asyncio.gather(*batches)
