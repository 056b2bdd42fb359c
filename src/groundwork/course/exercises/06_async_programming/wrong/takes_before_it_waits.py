"""Takes the tokens first and then waits; a caller that leaves has taken them along."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_cancelled_waiter_leaves_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    async def acquire(self, n=1):
        self.check(n)
        seconds = self.missing_s(n)
        self.tokens -= n
        if seconds:
            await self.clock.sleep_async(seconds)

    def retry_after_s(self, n=1):
        self.check(n)
        return self.missing_s(n)
