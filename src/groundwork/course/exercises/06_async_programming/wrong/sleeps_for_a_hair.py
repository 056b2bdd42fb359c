"""Waits for whatever is missing, also for a rounding error: such a sleep does not move the time, and is asked for again."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "no_fraction_is_lost",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def missing_s(self, n):
        self.refill()
        return max(0.0, (n - self.tokens) / self.rate_per_s)
