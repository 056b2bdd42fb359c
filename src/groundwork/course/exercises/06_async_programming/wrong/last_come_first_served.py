"""Serves whoever came last."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_large_request_is_not_starved",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def __init__(self, rate_per_s, burst, *, clock=None):
        super().__init__(rate_per_s, burst, clock=clock)
        self.line = []
        self.served = False

    async def acquire(self, n=1):
        self.check(n)
        self.wanted += n
        turn = asyncio.get_running_loop().create_future()
        self.line.append(turn)
        try:
            if self.served:
                await turn
            self.served = True
            await self.pause(n)
            self.tokens -= n
        finally:
            self.wanted -= n
            self.line.remove(turn)
            self.served = any(not other.done() for other in self.line)
            for other in reversed(self.line):
                if not other.done():
                    other.set_result(None)
                    break
