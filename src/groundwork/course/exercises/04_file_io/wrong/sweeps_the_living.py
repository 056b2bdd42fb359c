"""Sweeps without a lock: the temporary files of those who are just saving, too."""

import contextlib
import time
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "several_processes_save_and_load",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class OnASlowDisk(right.atomic_write):
    def __exit__(self, kind, error, trace):
        time.sleep(0.03)  # so that the other saver surely comes in between
        return super().__exit__(kind, error, trace)


right.atomic_write = OnASlowDisk


class CheckpointStore(right.CheckpointStore):
    @contextlib.contextmanager
    def alone(self):
        yield
