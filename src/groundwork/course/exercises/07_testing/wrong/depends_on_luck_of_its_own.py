"""Makes a generator without a seed."""

import random
from pathlib import Path

from intake import clean

from groundwork.testing import load_subject

FAILS = ("its_chance_has_a_seed",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_most_values_lie_within_the_bounds():
    value = random.Random().random()

    assert clean([value], low=0, high=0.9999) == [value]
