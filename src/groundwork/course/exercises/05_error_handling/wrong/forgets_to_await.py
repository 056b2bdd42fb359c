"""One wrapper for all: it calls the coroutine function, which cannot fail, and returns what came."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "coroutines_are_retried",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def asynchronous(self, fn):
        return self.synchronous(fn)


def retry(**options):
    return Policy(**options)
