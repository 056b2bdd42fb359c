"""Allows forty retries a second, whatever ratio was asked for."""

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
    def __init__(self, ratio=0.2, min_per_s=10.0, **options):
        super().__init__(ratio, max(min_per_s, 40.0), **options)
