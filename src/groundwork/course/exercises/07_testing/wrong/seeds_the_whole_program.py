"""Sets the seed of everybody's generator."""

import random
from pathlib import Path

from intake import clean

from groundwork.testing import load_subject

FAILS = ("its_chance_has_a_seed",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_values_lie_within_the_bounds():
    random.seed(7)
    value = random.random()

    assert clean([value], low=0, high=1) == [value]
