"""Accepts items when nobody is left to answer them."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "leaving_answers_what_was_accepted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def submit(self, item, deadline_s=None):
        before, self.open = self.open, True
        try:
            answer = asyncio.ensure_future(super().submit(item, deadline_s))
            await asyncio.sleep(0)
        finally:
            self.open = before
        try:
            return await answer
        finally:
            answer.cancel()
