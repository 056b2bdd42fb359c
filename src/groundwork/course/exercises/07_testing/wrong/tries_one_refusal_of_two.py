"""Tries the bounds the wrong way round only where there is something to bound."""

from pathlib import Path

import pytest
from intake import clean

from groundwork.testing import load_subject

FAILS = ("it_finds_wrong_refusals",)

KEPT = ("test_", "waits", "clock", "batcher")
LEFT_OUT = ("test_bounds_the_wrong_way_round_are_refused",)

right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT) and name not in LEFT_OUT})


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError):
        clean([1, 2], low=1, high=0)
