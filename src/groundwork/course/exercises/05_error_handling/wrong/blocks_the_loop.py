"""Waits with the blocking sleep, in coroutines too."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_waiting_coroutine_lets_others_run",
    "cancellation_is_never_retried",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    async def pause(self, wait_s):
        self.clock.sleep(wait_s)


def retry(**options):
    return Policy(**options)
