"""Looks at what comes out of fetch, and neither at its calls nor at its waits."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = ("it_finds_wrong_fetching",)

KEPT = ("test_", "waits", "clock", "batcher")
LEFT_OUT = (
    "test_the_last_error_comes_out_after_so_many_calls",
    "test_waits_double_up_to_the_cap_and_lie_between_calls_only",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT) and name not in LEFT_OUT})
