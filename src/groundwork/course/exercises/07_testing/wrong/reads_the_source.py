"""Looks into the text of the module."""

from pathlib import Path
from pathlib import Path

import intake

from groundwork.testing import load_subject

FAILS = ("it_reads_no_source",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_there_is_a_function_for_cleaning():
    assert intake.clean([], low=0, high=1) == []
    assert "def clean(" in Path(intake.__file__).read_text()
