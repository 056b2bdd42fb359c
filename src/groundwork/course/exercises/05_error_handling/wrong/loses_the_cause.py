"""Says that three attempts failed, and keeps for itself why."""

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
        try:
            return super().next_wait_s(state, error)
        except RetryExhausted as exhausted:
            raise exhausted from None


def retry(**options):
    return Policy(**options)
