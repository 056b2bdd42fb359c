"""Takes attempts for the number of retries."""

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
    def is_last(self, state):
        return state.failures > self.attempts


def retry(**options):
    return Policy(**options)
