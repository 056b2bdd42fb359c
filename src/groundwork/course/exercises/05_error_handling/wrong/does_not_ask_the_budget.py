"""Fills the budget and never spends from it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_budget_bounds_an_outage",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted
deadline = right.deadline
remaining_s = right.remaining_s
retry = right.retry


class RetryBudget(right.RetryBudget):
    def withdraw(self):
        return True
