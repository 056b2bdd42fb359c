"""Sweeps without a lock: the temporary files of those who are just saving, too."""

import contextlib
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "several_processes_save_and_load",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    @contextlib.contextmanager
    def alone(self):
        yield
