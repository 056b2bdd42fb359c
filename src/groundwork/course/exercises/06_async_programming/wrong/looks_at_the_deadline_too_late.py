"""Tells of a deadline that has passed when the answer is there."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_deadline_is_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def submit(self, item, deadline_s=None):
        loop = asyncio.get_running_loop()
        end_s = loop.time() + deadline_s if deadline_s else float("inf")
        answer = await super().submit(item)
        if loop.time() > end_s:
            raise DeadlineExceeded("too late")
        return answer
