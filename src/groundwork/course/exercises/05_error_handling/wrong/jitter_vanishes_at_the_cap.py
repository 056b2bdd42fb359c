"""Adds the jitter and caps afterwards: once at the cap, every client waits exactly as long."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "jitter_lies_below_the_cap",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Backoff(right.Backoff):
    def wait_s(self, failures, chance):
        whole = self.initial_s * self.factor ** min(failures - 1, 60)
        if self.jitter == "none":
            return min(whole, self.cap_s)
        return min(whole / 2 + chance.uniform(0.0, whole / 2), self.cap_s)


class Policy(right.Policy):
    pass


def retry(**options):
    return Policy(**options)
