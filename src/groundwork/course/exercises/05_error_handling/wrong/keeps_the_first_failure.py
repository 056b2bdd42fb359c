"""Remembers the first failure, and shows it as the reason for the end."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_last_failure_is_the_cause",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def next_wait_s(self, state, error):
        state.first = getattr(state, "first", error)
        try:
            return super().next_wait_s(state, error)
        except RetryExhausted as exhausted:
            raise exhausted from state.first


def retry(**options):
    return Policy(**options)
