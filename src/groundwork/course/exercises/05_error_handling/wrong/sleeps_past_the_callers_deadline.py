"""Its retry knows its own deadline and not the one around it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_retry_heeds_the_deadline_around_it",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryBudget = right.RetryBudget
RetryExhausted = right.RetryExhausted
deadline = right.deadline
remaining_s = right.remaining_s


class Policy(right.Policy):
    def too_long(self, state, wait_s):
        left_s = self.left_s(state)
        return left_s is not None and wait_s >= left_s


def retry(**options):
    return Policy(**options)
