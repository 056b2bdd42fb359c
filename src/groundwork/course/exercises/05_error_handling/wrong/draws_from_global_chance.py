"""Takes a seed, and rolls the dice of the whole program."""

import random
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
    def __init__(self, **options):
        super().__init__(**options)
        self.chance = random


def retry(**options):
    return Policy(**options)
