"""Looks at an attribute that only this implementation has."""

from pathlib import Path

from intake import Scaler

from groundwork.testing import load_subject

FAILS = ("it_passes_whatever_is_right",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_the_mean_is_remembered():
    assert Scaler().fit([1, 3])._mean == 2
