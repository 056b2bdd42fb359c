"""Expects the message of an error word by word."""

from pathlib import Path

import pytest
from intake import clean

from groundwork.testing import load_subject

FAILS = ("it_passes_whatever_is_right",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_the_bounds_are_told():
    with pytest.raises(ValueError, match="low=2 is above high=1"):
        clean([], low=2, high=1)
