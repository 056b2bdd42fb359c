"""Knows its own backoff only; Retry-After is for others."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_the_other_side_asks_is_waited",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def wait_s(self, state, error):
        return self.backoff.wait_s(state.failures, self.chance)


def retry(**options):
    return Policy(**options)
