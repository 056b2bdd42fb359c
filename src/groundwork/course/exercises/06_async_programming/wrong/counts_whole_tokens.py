"""Cuts what has come in to whole tokens, and forgets the rest."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_refusal_costs_nothing_and_says_when",
    "no_fraction_is_lost",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def refill(self):
        now_s = self.clock.monotonic()
        self.tokens = min(self.burst, self.tokens + int((now_s - self.counted_s) * self.rate_per_s + 1e-6))
        self.counted_s = now_s
