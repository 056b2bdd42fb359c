"""Tries the call again, which only makes the generator; what it does is outside."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_generator_is_retried_until_its_first_item",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def generating(self, fn):
        return self.synchronous(fn)


def retry(**options):
    return Policy(**options)
