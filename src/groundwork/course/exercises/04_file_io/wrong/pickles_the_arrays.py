"""Pickles the model, which stores anything and runs anything."""

import pickle
from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "no_checkpoint_is_unpickled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    def save(self, model, *, step, metrics=None):
        pickled = np.frombuffer(pickle.dumps(dict(model)), dtype=np.uint8)
        super().save({"pickle": pickled}, step=step, metrics=metrics)

    def opened(self, step):
        checkpoint = super().opened(step)
        checkpoint.model = pickle.loads(checkpoint.model["pickle"].tobytes())
        return checkpoint
