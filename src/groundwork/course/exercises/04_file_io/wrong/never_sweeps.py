"""Leaves the temporary files of killed savers for ever."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_next_save_sweeps_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class Unswept(type(Path())):
    def glob(self, pattern):
        return [] if pattern.startswith(".") else super().glob(pattern)


class CheckpointStore(right.CheckpointStore):
    def __init__(self, root, keep=None):
        super().__init__(root, keep)
        self.root = Unswept(self.root)
