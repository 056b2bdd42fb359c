"""2.0 ** 1024 is no float: attempt 1,025 is an OverflowError."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "thousands_of_attempts_are_possible",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Backoff(right.Backoff):
    def whole(self, failures):
        return min(self.initial_s * self.factor ** (failures - 1), self.cap_s)


class Policy(right.Policy):
    pass


def retry(**options):
    return Policy(**options)
