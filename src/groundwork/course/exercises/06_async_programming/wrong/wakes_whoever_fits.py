"""No queue: whoever finds enough tokens takes them, so that a large request waits for ever."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_large_request_is_not_starved",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    async def acquire(self, n=1):
        self.check(n)
        await self.pause(n)
        self.tokens -= n

    def retry_after_s(self, n=1):
        self.check(n)
        return self.missing_s(n)
