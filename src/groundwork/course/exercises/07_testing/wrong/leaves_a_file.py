"""Writes a file and forgets it."""

from pathlib import Path
from pathlib import Path

from intake import clean

from groundwork.testing import load_subject

FAILS = ("it_leaves_nothing_behind",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_values_of_a_file_are_cleaned():
    Path("values.txt").write_text("1 2 30")

    assert clean([int(word) for word in Path("values.txt").read_text().split()], low=0, high=10) == [1, 2, 10]
