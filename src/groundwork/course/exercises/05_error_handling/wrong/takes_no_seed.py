"""A constant seed: repeatable, and the same for everybody who asks for another."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_seed_repeats_the_waits",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
Backoff = right.Backoff
DeadlineExceeded = right.DeadlineExceeded
RetryExhausted = right.RetryExhausted


class Policy(right.Policy):
    def __init__(self, seed=None, **options):
        super().__init__(seed=None if seed is None else 42, **options)


def retry(**options):
    return Policy(**options)
