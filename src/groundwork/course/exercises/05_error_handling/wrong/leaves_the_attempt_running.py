"""Tells the attempt to cancel, and does not wait until it has."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "attempts_never_overlap",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    async def limited(self, state, fn, args, kwargs):
        if self.attempt_timeout_s is None:
            return await super().limited(state, fn, args, kwargs)
        task = asyncio.ensure_future(fn(*args, **kwargs))
        try:
            await asyncio.wait([task], timeout=self.attempt_timeout_s)
        finally:
            task.cancel()
        if not task.done():
            raise DeadlineExceeded("an attempt was cancelled")
        return task.result()


def retry(**options):
    return Policy(**options)
