"""Takes the cancellation of its task for one more failure, as tenacity does."""

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
    catches = (Exception, asyncio.CancelledError)

    def worth(self, error):
        return super().worth(error) or isinstance(error, asyncio.CancelledError)


def retry(**options):
    return Policy(**options)
