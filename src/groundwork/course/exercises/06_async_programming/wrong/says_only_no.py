"""Says that it refuses, and not for how long."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_refusal_costs_nothing_and_says_when",
    "no_fraction_is_lost",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def retry_after_s(self, n=1):
        return 1.0 if super().retry_after_s(n) else 0.0
