"""Whatever cancels an attempt with a time limit, it says that the time was over."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "cancellation_is_never_retried",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    async def limited(self, state, fn, args, kwargs):
        try:
            return await super().limited(state, fn, args, kwargs)
        except asyncio.CancelledError as error:
            if self.attempt_timeout_s is None:
                raise
            raise DeadlineExceeded("an attempt was cancelled") from error


def retry(**options):
    return Policy(**options)
