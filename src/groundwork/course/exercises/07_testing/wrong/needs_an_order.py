"""The second test needs what the first has left in a global list."""

from pathlib import Path

from intake import Batcher

from groundwork.testing import load_subject

FAILS = ("its_order_does_not_matter",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


batches = []


def test_a_batch_is_made():
    batches.append(Batcher(1, 60).add(1))

    assert batches[-1] == [1]


def test_the_batch_is_there():
    assert Batcher(9, 60).add(1) is None
    assert batches[-1] == [1]
