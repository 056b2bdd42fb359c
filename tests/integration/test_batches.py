"""Batches over processes that die: what came before a kill and what comes after are one uninterrupted sequence."""

import json
import os
import random
import signal
import subprocess
import sys

import numpy as np
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


# On Linux ru_maxrss of a child begins with what its parent had.
MEMORY = """
import resource, sys
from groundwork.data import BatchLoader, Dataset

def peak_mib():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2 ** (20 if sys.platform == "darwin" else 10)

before = peak_mib()
loader = BatchLoader(Dataset.scan(sys.argv[1]), 1000, shuffle=True, buffer_rows=50_000)
print(sum(batch.height for batch in loader), before, peak_mib())
"""


def test_a_file_larger_than_the_buffer_is_never_in_memory_as_a_whole(tmp_path):
    pytest.importorskip("resource", reason="the peak of a process's memory is asked of the system in this way")
    path = tmp_path / "rows.parquet"
    chance = np.random.default_rng(0)
    pl.DataFrame({f"x{at}": chance.random(1_500_000) for at in range(25)}).write_parquet(path, row_group_size=50_000)

    done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)

    rows, before, after = map(int, done.stdout.split())
    assert rows == 1_500_000
    # The table takes 286 MiB, a window 10.
    assert after - before < 190
