"""Ends with a RuntimeError, which nobody can tell from a bug."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "attempts_include_the_first",
    "coroutines_are_retried",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def exhausted(self, state, error, why):
        return RuntimeError(str(super().exhausted(state, error, why)))


def retry(**options):
    return Policy(**options)
