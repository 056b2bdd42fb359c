"""Takes tokens for a refusal too: who asks again and again goes into debt."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_refusal_costs_nothing_and_says_when",
    "no_fraction_is_lost",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def try_acquire(self, n=1):
        seconds = self.retry_after_s(n)
        self.tokens -= n
        return seconds
