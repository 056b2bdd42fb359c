"""Replaces a function of the module and does not put it back."""

from pathlib import Path

import intake

from groundwork.testing import load_subject

FAILS = (
    "it_leaves_nothing_behind",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith("test_") and name != "test_its_length_is_what_waits" or name in ("waits", "clock", "batcher")})


def test_the_clock_of_the_module_is_asked():
    intake.Batcher.__len__ = lambda batcher: 1

    assert len(intake.Batcher(2, 60)) == 1
