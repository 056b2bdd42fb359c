"""Says how much time is left, and cancels nobody."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_hung_block_is_cancelled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryBudget = right.RetryBudget
RetryExhausted = right.RetryExhausted
remaining_s = right.remaining_s
retry = right.retry


class deadline(right.deadline):
    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, *failure):
        self.__exit__()
