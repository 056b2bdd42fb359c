"""Leaves its worker behind, which waits for items for ever."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "leaving_answers_what_was_accepted",
    "a_crowd_gets_what_is_theirs",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def work(self):
        await super().work()
        self.idle.set()
        await asyncio.get_running_loop().create_future()

    async def __aexit__(self, *_):
        self.idle = asyncio.Event()
        self.open = False
        self.arrived.set()
        self.full.set()
        await self.idle.wait()
