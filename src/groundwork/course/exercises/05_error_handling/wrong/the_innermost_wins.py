"""A library that gives itself ten seconds has them, in a request that has three."""

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
    def __enter__(self):
        self.token = right._limit.set((self.clock.monotonic() + self.seconds, self.clock))
        return self
