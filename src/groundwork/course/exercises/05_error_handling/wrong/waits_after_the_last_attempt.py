"""Sleeps first and counts afterwards, so that the caller waits for nothing."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "waits_grow_up_to_the_cap",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def exhausted(self, state, error, why):
        self.clock.sleep(self.wait_s(state, error))
        return super().exhausted(state, error, why)


def retry(**options):
    return Policy(**options)
