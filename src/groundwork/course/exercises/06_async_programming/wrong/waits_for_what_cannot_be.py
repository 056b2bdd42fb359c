"""Lets a caller wait for more than the bucket can ever hold, and gives out nothing and less."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_can_never_be_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class TokenBucket(right.TokenBucket):
    def check(self, n):
        pass
