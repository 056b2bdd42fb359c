"""Rows a second of shuffled batches as tensors: BatchLoader beside torch's DataLoader over the same arrays.

Run: python benchmarks/batches.py [--rows N] [--python PYTHON]
An epoch of rows of 20 float32 features and a label, to tensors x and y; the best of three epochs after one that is not
counted (it starts the workers, which persist). torch's DataLoader runs in two ways: as its manual shows it (a Dataset
that gives a row, batches collated), and in the fastest honest one that we found: a BatchSampler, and a Dataset that
indexes its arrays with a whole batch of numbers (a TensorDataset, indexed so, takes twice as long). groundwork without
workers is ``loader.torch()`` iterated as it is; with workers it goes through the DataLoader too, whose cost of sending
a batch from one process to another is then the same for both. Without torch in this environment, one is made.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from _peers import peer_python
from _targets import Targets, table

ROOT = Path(__file__).parents[1]
SIZES = (32, 256, 1024, 8192)
WORKERS = (0, 2)
EPOCHS = 3
FEATURES = 20
WAYS = ("DataLoader", "DataLoader, BatchSampler", "groundwork")


def arrays(rows):
    import numpy as np

    random = np.random.default_rng(0)
    return random.random((rows, FEATURES), np.float32), random.integers(0, 2, rows)


def row_wise(rows, size, workers):
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    x, y = map(torch.from_numpy, arrays(rows))
    loader = DataLoader(TensorDataset(x, y), size, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    return lambda: loader


def batch_wise(rows, size, workers):
    import numpy as np
    import torch
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler

    class Rows(torch.utils.data.Dataset):
        def __init__(self):
            self.x, self.y = arrays(rows)

        def __len__(self):
            return rows

        def __getitem__(self, numbers):
            numbers = np.asarray(numbers)
            return torch.from_numpy(self.x.take(numbers, axis=0)), torch.from_numpy(self.y.take(numbers))

    dataset = Rows()
    sampler = BatchSampler(RandomSampler(dataset), size, drop_last=False)
    loader = DataLoader(dataset, batch_size=None, sampler=sampler, num_workers=workers, persistent_workers=workers > 0)
    return lambda: loader


def groundwork(rows, size, workers):
    import polars as pl
    from torch.utils.data import DataLoader

    from groundwork.data import BatchLoader

    x, y = arrays(rows)
    own = BatchLoader(pl.DataFrame({"x": x, "y": y}), size, shuffle=True)
    loader = own.torch()
    if workers:
        loader = DataLoader(loader, batch_size=None, num_workers=workers, persistent_workers=True)
    return lambda: ((batch["x"], batch["y"]) for batch in own.track(loader))


MAKERS = dict(zip(WAYS, (row_wise, batch_wise, groundwork), strict=True))


def seconds(way, rows, size, workers):
    """Return the seconds of the best epoch, each of which must have given every row."""
    epoch, times = MAKERS[way](rows, size, workers), []
    for _ in range(EPOCHS + 1):
        started, seen = time.perf_counter(), 0
        for x, y in epoch():
            assert x.shape[1:] == (FEATURES,)
            seen += len(y)
        times.append(time.perf_counter() - started)
        assert seen == rows
    return min(times[1:])


def measured(python, way, rows, size, workers):
    # A process of its own, so that no way inherits another's memory or threads.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    asked = json.dumps([way, rows, size, workers])
    done = subprocess.run(
        [python, __file__, "--one", asked], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return rows / json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=336_776, help="of the table; as many as the flights unless given")
    parser.add_argument("--python", help="an interpreter that has torch and what groundwork needs")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(seconds(*json.loads(asked.one))))
        return 0
    python = asked.python or (sys.executable if importlib.util.find_spec("torch") else made())
    targets, rows, best = Targets(), [], {}
    for workers in WORKERS:
        for size in SIZES:
            rates = {way: measured(python, way, asked.rows, size, workers) for way in WAYS}
            slow, fast, own = rates.values()
            cells = [f"{rate / 1e6:.2f}" for rate in rates.values()]
            rows.append((workers, size, *cells, f"{own / slow:.1f}", f"{own / fast:.1f}"))
            for way, rate in rates.items():
                best[way, size] = max(rate, best.get((way, size), 0))
    for size in SIZES:
        slow, fast, own = (best[way, size] for way in WAYS)
        targets.least(f"batches of {size}, each with its best number of workers", own / max(slow, fast), 2, "x")
    print(f"{asked.rows:,} rows of {FEATURES} features and a label, shuffled; millions of rows a second\n")
    table(("workers", "batch", *WAYS, "ratio", "ratio to BatchSampler"), rows)
    table(("groundwork against the faster DataLoader", "measured", "target", ""), targets.told)
    return 1 if targets.missed else 0


def made():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return peer_python("batches", *project["optional-dependencies"]["torch"], *project["dependencies"])


if __name__ == "__main__":
    raise SystemExit(main())
