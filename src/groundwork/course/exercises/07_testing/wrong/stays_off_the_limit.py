"""Moves the clock well beyond the limit or not at all."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = ("it_finds_wrong_batching",)

KEPT = ("test_", "waits", "clock", "batcher")
LEFT_OUT = (
    "test_the_age_that_hands_on_is_reached_exactly",
    "test_a_batch_is_handed_on_when_its_oldest_row_is_old_enough",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT) and name not in LEFT_OUT})
