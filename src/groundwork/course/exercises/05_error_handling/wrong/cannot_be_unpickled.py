"""Its error asks for two values and hands Exception one: pickle calls it with that one."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_error_survives_pickle",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded


class RetryExhausted(Exception):
    def __init__(self, attempts, why):
        super().__init__(f"{attempts} attempts failed: {why}")
        self.attempts = attempts


class Policy(right.Policy):
    def exhausted(self, state, error, why):
        return RetryExhausted(state.failures, f"{why}; the last: {error}")


def retry(**options):
    return Policy(**options)
