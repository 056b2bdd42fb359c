"""Batches over processes that die: what came before a kill and what comes after are one uninterrupted sequence."""

import json
import os
import random
import signal
import subprocess
import sys

import polars as pl
import pytest

from groundwork.data import BatchLoader, Dataset

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL"),
]

ROWS, SIZE, EPOCHS = 1201, 10, 2
BATCHES = -(-ROWS // SIZE)

# A training whose model is the list of rows it has seen, saved with the state in one file. It asks before each step
# whether it may go on, so that it dies where the test wants it to, its threads at work ahead.
TRAINING = """
import json, sys
from pathlib import Path
from groundwork.storage import atomic_write
sys.path.insert(0, sys.argv[1])
from loaders import make
path, kind, workers = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
loader, seen = make(kind, path.parent, workers), []
if path.exists():
    saved = json.loads(path.read_bytes())
    seen = saved["seen"]
    loader.load_state_dict(saved["state"])

def ask(what):
    print(what, flush=True)
    sys.stdin.readline()

while loader.epoch < 2:
    for batch in loader:
        seen.append(batch["id"].to_list())
        ask(f"got {len(seen)}")
        with atomic_write(path, durable=False) as file:
            file.write(json.dumps({"seen": seen, "state": loader.state_dict()}).encode())
        ask(f"saved {len(seen)}")
"""

LOADERS = """
from groundwork.data import BatchLoader, Dataset
import polars as pl

def make(kind, folder, workers):
    source = folder / "rows.parquet"
    options = {"shuffle": True, "seed": 5, "workers": workers, "prefetch": workers + 1}
    if kind == "files":
        return BatchLoader(Dataset.scan(source), 10, buffer_rows=300, **options)
    return BatchLoader(pl.read_parquet(source), 10, stratify="class", transform=lambda frame: frame, **options)
"""


def uninterrupted(kind: str, path) -> list[list[int]]:
    options = {"shuffle": True, "seed": 5}
    if kind == "files":
        loader = BatchLoader(Dataset.scan(path), SIZE, buffer_rows=300, **options)
    else:
        loader = BatchLoader(pl.read_parquet(path), SIZE, stratify="class", **options)
    return [batch["id"].to_list() for _ in range(EPOCHS) for batch in loader]


def train(folder, kind: str, workers: int, stop: str | None) -> int:
    """Train until this step, and kill; without one, to the end."""
    command = [sys.executable, "-c", TRAINING, str(folder), str(folder / "saved.json"), kind, str(workers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.strip() == stop:
                os.kill(process.pid, signal.SIGKILL)
                break
            process.stdin.write("\n")
            process.stdin.flush()
    return process.returncode


@pytest.mark.parametrize("kind", ["memory", "files"])
@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_batches_it_delivers_the_uninterrupted_sequence(tmp_path, kind, kills):
    chance = random.Random(kills)
    frame = pl.DataFrame({"id": range(ROWS), "class": [at % 7 for at in range(ROWS)]})
    frame.write_parquet(tmp_path / "rows.parquet", row_group_size=100)
    (tmp_path / "loaders.py").write_text(LOADERS)
    expected = uninterrupted(kind, tmp_path / "rows.parquet")

    codes = [
        train(tmp_path, kind, chance.randrange(4), f"{chance.choice(['got', 'saved'])} {batch}")
        for batch in sorted(chance.sample(range(1, EPOCHS * BATCHES), kills))
    ]
    codes.append(train(tmp_path, kind, 2, None))

    assert [-signal.SIGKILL] * kills + [0] == codes
    assert expected == json.loads((tmp_path / "saved.json").read_bytes())["seen"]
