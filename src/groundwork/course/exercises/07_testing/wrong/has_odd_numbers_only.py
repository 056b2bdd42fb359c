"""Fills gaps among odd numbers of values only, where every median is one of them."""

import math
from pathlib import Path

import pytest
from intake import clean

from groundwork.testing import load_subject

FAILS = ("it_finds_wrong_cleaning",)

KEPT = ("test_", "waits", "clock", "batcher")
LEFT_OUT = ("test_values_are_bounded_and_gaps_filled_with_the_median",)

right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT) and name not in LEFT_OUT})


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_gap_becomes_the_median(missing):
    assert clean([1, missing, 2, 9, 0, -20, 30], low=0, high=10)[1] == 1.5
    assert clean([1, missing, 2, 9], low=0, high=10) == [1, 2, 2, 9]
