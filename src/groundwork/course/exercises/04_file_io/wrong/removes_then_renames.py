"""Removes the old checkpoint of a step before the new one takes its place."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "killed_in_a_replacement_the_step_is_there",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def save(self, model, *, step, metrics=None):
        self.file(step).unlink(missing_ok=True)
        super().save(model, step=step, metrics=metrics)
