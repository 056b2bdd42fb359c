"""After the inner block there is no deadline any more."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_shortest_deadline_wins",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryBudget = right.RetryBudget
RetryExhausted = right.RetryExhausted
remaining_s = right.remaining_s
retry = right.retry


class deadline(right.deadline):
    def __exit__(self, *failure):
        right._limit.set(None)
