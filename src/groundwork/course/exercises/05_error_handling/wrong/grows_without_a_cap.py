"""Doubles for ever."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "waits_grow_up_to_the_cap",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Backoff(right.Backoff):
    def whole(self, failures):
        return self.initial_s * self.factor ** min(failures - 1, 30)


class Policy(right.Policy):
    pass


def retry(**options):
    return Policy(**options)
