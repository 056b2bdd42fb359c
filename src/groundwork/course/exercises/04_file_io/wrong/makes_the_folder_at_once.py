"""Makes the folder as soon as somebody looks."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_is_missing_is_an_error",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def __init__(self, root, keep=None):
        super().__init__(root, keep)
        self.root.mkdir(parents=True, exist_ok=True)
