"""Counts the damaged among those that stay."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_newest_whole_one_is_never_pruned",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def drop(self, also_kept):
        dropped = [step for step in self.steps()[: -self.keep.last] if step not in also_kept]
        for step in dropped:
            self.file(step).unlink()
        return dropped
