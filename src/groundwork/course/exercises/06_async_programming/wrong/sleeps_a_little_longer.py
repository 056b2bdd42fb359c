"""Sleeps a little longer than it must, to be on the safe side."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_burst_then_the_rate",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    async def pause(self, n):
        while (seconds := self.missing_s(n)) > 0.0:
            await self.clock.sleep_async(seconds + 0.001)
