"""Tells its caller in time that it is late, and lets the model work all the same."""

import asyncio
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
    async def answer_to(self, entry):
        try:
            return await asyncio.shield(entry[1])
        except asyncio.CancelledError:
            self.gone = entry
            raise

    def leave(self, entry):
        pass
