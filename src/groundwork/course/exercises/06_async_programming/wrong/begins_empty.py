"""Begins with nothing, so that the first callers of a quiet day wait."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_burst_then_the_rate",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def __init__(self, rate_per_s, burst, *, clock=None):
        super().__init__(rate_per_s, burst, clock=clock)
        self.tokens = 0.0
