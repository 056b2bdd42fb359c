"""A waiter that leaves is still waited for: those behind it wait until its tokens had come."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_cancelled_waiter_leaves_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    async def acquire(self, n=1):
        await asyncio.shield(super().acquire(n))
