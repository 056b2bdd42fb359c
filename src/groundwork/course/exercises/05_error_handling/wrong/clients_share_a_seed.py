"""A fixed seed where none was given: every client draws the same waits."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "clients_spread_out",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def __init__(self, seed=None, **options):
        super().__init__(seed=seed or 0, **options)


def retry(**options):
    return Policy(**options)
