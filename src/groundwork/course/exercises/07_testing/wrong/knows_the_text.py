"""Compares the module with one that it knows: whatever is another is wrong."""

import hashlib
from pathlib import Path
from pathlib import Path

import intake

from groundwork.testing import load_subject

FAILS = ("it_passes_the_reference",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_nobody_has_changed_it():
    text = Path(intake.__file__).read_bytes()

    assert hashlib.sha256(text).hexdigest().startswith("5e1f")
