"""Prunes by step alone: what was just saved may be the first to go."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_was_just_saved_stays",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def drop(self, also_kept):
        return super().drop(also_kept=set())
