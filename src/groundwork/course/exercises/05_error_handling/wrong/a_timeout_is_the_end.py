"""Cuts an attempt that hangs, and does not think of trying another."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_hung_attempt_is_cut_and_tried_again",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def worth(self, error):
        return isinstance(error, self.on)


def retry(**options):
    return Policy(**options)
