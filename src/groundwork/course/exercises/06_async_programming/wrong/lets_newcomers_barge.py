"""Whoever tries takes what others wait for."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_newcomer_does_not_barge",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def retry_after_s(self, n=1):
        self.check(n)
        return self.missing_s(n)
