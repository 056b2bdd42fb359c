"""Takes a file of the right size for the right file."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_flipped_bit_is_noticed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    @staticmethod
    def seal(facts, body):
        return len(body)
