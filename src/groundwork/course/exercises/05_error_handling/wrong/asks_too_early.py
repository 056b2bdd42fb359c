"""Heeds Retry-After up to its own cap."""

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
        return min(super().wait_s(state, error), self.backoff.cap_s)


def retry(**options):
    return Policy(**options)
