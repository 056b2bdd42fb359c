"""Its error holds how to try once more: a local function, which pickle refuses."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_error_survives_pickle",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def exhausted(self, state, error, why):
        exhausted = super().exhausted(state, error, why)
        exhausted.again = lambda: self
        return exhausted


def retry(**options):
    return Policy(**options)
