"""Decodes what is there; a bit more or less is not noticed."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_flipped_bit_is_noticed",
    "a_cut_checkpoint_is_passed_over",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    @staticmethod
    def seal(facts, body):
        return "sealed"
