"""Turns any CancelledError in its block into DeadlineExceeded."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_foreign_cancellation_stays_one",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryBudget = right.RetryBudget
RetryExhausted = right.RetryExhausted
remaining_s = right.remaining_s
retry = right.retry


class deadline(right.deadline):
    async def __aexit__(self, kind, error, trace):
        await super().__aexit__(kind, error, trace)
        if isinstance(error, asyncio.CancelledError):
            raise DeadlineExceeded("cancelled") from error
