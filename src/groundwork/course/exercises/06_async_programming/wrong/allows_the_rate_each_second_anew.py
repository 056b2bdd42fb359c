"""Counts in whole seconds: at each full second the bucket is full again."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_burst_then_the_rate",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def refill(self):
        if (now_s := self.clock.monotonic()) >= self.counted_s + 1.0:
            self.tokens, self.counted_s = float(self.burst), now_s - now_s % 1.0

    def missing_s(self, n):
        self.refill()
        return 0.0 if self.tokens >= n else self.counted_s + 1.0 - self.clock.monotonic()
