"""Deletes what does not verify."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "damage_is_set_aside_not_deleted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def set_aside(self, step):
        self.file(step).unlink()
