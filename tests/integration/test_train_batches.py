"""Training over processes that die: the model of a killed training is, to the last bit, that of one left alone."""

import random
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from groundwork.testing import every_failpoint

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL"),
]

# Dies at a failpoint of its own choice: between two batches, or at any step of saving a checkpoint.
TRAINING = """
import os, signal, sys
from pathlib import Path
from groundwork import _failpoints

left = int(sys.argv[4])

def count(name):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

_failpoints.watch(count)
sys.path.insert(0, sys.argv[1])
from training import trained
print(trained(Path(sys.argv[2]), sys.argv[3]))
"""

TRAINED = """
import json
from groundwork.data import BatchLoader, Dataset
from groundwork.modeling.training import train_batches
from groundwork.storage import CheckpointStore, Keep

def trained(folder, store):
    loader = BatchLoader(Dataset.scan(folder / "rows.parquet"), 20, shuffle=True, seed=4, buffer_rows=100)
    found = train_batches(
        "sklearn.linear_model.SGDClassifier", loader, target="late", params={"average": True}, epochs=2,
        class_weight="balanced", store=CheckpointStore(folder / store, keep=Keep(last=2)), every=4, seed=7,
    )
    model = found.estimator
    weights = [getattr(model, name).tobytes().hex() for name in ("coef_", "intercept_")]
    return json.dumps([*weights, model.t_, found.rows, found.history], sort_keys=True)
"""


def train(folder, kill_at: int) -> str | None:
    """Train in a process of its own, which dies at this failpoint, if it comes so far; what it ended in."""
    command = [sys.executable, "-c", TRAINING, str(folder), str(folder), "killed", str(kill_at)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, -9), done.stderr
    return done.stdout.strip() if done.returncode == 0 else None


@pytest.mark.parametrize("kills", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_killed_anywhere_and_gone_on_with_it_is_the_same_model(tmp_path, kills):
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame.with_columns(late=pl.col("a") > 0.4).write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "training.py").write_text(TRAINED, encoding="utf-8")
    space, passed = {}, []
    exec(TRAINED, space)
    with every_failpoint(passed.append):
        undisturbed = space["trained"](tmp_path, "undisturbed")
    chance, died = random.Random(kills), 0

    while died < kills:
        told = train(tmp_path, chance.randint(1, len(passed)))
        if told is None:
            died += 1
        else:  # it had less to do than was left to live; the next one begins anew
            assert undisturbed == told
            shutil.rmtree(tmp_path / "killed")

    assert undisturbed == train(tmp_path, 0)
