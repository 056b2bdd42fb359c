"""Half as much again, also of a wait that is at the cap."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "jitter_lies_below_the_cap",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Backoff(right.Backoff):
    def spread(self, whole, chance):
        return whole if self.jitter == "none" else whole * chance.uniform(0.5, 1.5)


class Policy(right.Policy):
    pass


def retry(**options):
    return Policy(**options)
