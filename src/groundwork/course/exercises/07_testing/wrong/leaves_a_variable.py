"""Sets a variable of the environment for good."""

import os
from pathlib import Path

from intake import Batcher

from groundwork.testing import load_subject

FAILS = ("it_leaves_nothing_behind",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_a_batch_may_have_one_row():
    os.environ["BATCH_SIZE"] = "1"

    assert Batcher(int(os.environ["BATCH_SIZE"]), 60).add("row") == ["row"]
