"""Keeps the deadline in a global variable, which all tasks share."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "tasks_keep_their_deadline",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryBudget = right.RetryBudget
RetryExhausted = right.RetryExhausted
deadline = right.deadline
remaining_s = right.remaining_s
retry = right.retry


class Global:
    value = None

    def get(self):
        return self.value

    def set(self, value):
        self.value, before = value, self.value
        return before

    reset = set


right._limit = Global()
