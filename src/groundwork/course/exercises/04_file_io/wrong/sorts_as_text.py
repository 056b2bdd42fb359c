"""Sorts the steps as text: 9 comes after 10."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_latest_is_the_greatest_step",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def steps(self):
        return sorted(super().steps(), key=str)
