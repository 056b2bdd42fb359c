"""The decorated function is called 'call' and takes anything."""

import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "functions_stay_what_they_are",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def __call__(self, fn):
        return self.asynchronous(fn) if inspect.iscoroutinefunction(fn) else self.synchronous(fn)


def retry(**options):
    return Policy(**options)
