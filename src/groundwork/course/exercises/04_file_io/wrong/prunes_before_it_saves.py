"""Makes room first: when the save then fails, the old one is gone."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_save_changes_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def save(self, model, *, step, metrics=None):
        if self.steps() and step not in self.steps():
            with self.alone():
                for old in self.steps()[: len(self.steps()) + 1 - self.keep.last]:
                    if step > old:
                        self.file(old).unlink()
        super().save(model, step=step, metrics=metrics)
