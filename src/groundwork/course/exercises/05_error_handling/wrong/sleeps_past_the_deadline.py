"""Looks at the time before an attempt, and then sleeps as long as the backoff says."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_the_other_side_asks_is_waited",
    "a_deadline_cuts_the_last_wait",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def too_long(self, state, wait_s):
        return self.left_s(state) is not None and self.left_s(state) <= 0


def retry(**options):
    return Policy(**options)
