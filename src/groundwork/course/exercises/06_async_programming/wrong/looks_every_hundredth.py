"""Waits by looking every ten milliseconds."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "no_fraction_is_lost",
    "waiting_costs_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    async def pause(self, n):
        while self.missing_s(n) > 0.0:
            await self.clock.sleep_async(0.01)
