"""What a checkpoint costs: 512 MiB of arrays saved and loaded, beside a raw durable write and what others do.

Run: python benchmarks/checkpoints.py [folder on the disk to measure]
Medians of five rounds, each of which runs every way once, in another order. The raw write is what durability asks of
anybody: write, fsync, rename, fsync of the folder. Loads read from the page cache, so that the code is measured and not
the disk. Peers run where they are installed; only raw and groundwork sync, and only groundwork hashes. Hashing runs in
a second thread: on a machine whose cores are taken its time comes on top.
"""

import hashlib
import os
import pickle
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import safetensors.numpy

from groundwork.storage import CheckpointStore, Keep, load_checkpoint

MIB = 512
ROUNDS = 5
ARRAYS = 16
Ways = dict[str, Callable[[], object]]


def arrays(mib: int = MIB) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    size = mib * (1 << 20) // ARRAYS
    return {f"layer.{number}": random.random((size // 4096, 1024), np.float32) for number in range(ARRAYS)}


def raw_write(path: Path, model: dict[str, np.ndarray]) -> None:
    aside = path.with_suffix(".tmp")
    with open(aside, "wb", buffering=0) as file:
        for array in model.values():
            file.write(array)
        os.fsync(file.fileno())
    os.replace(aside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def pickle_dump(path: Path, model: object) -> None:
    with open(path, "wb") as file:
        pickle.dump(model, file, protocol=5)


def pickle_load(path: Path) -> object:
    with open(path, "rb") as file:
        return pickle.load(file)


def raw_read(path: Path) -> object:
    buffer = memoryview(np.empty(path.stat().st_size, np.uint8))
    position = 0
    with open(path, "rb", buffering=0) as file:
        while got := file.readinto(buffer[position : position + (1 << 20)]):  # faster than all at once
            position += got
    return buffer


def sha256(path: Path) -> object:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256")


def np_load(path: Path) -> object:
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def ways(root: Path, model: dict[str, np.ndarray]) -> tuple[Ways, Ways]:
    store = CheckpointStore(root / "store", keep=Keep(last=1))
    folder = root / "store" / "step-00000001"
    save: Ways = {
        "raw durable write": lambda: raw_write(root / "raw", model),
        "groundwork": lambda: store.save(model, step=1),
        "safetensors": lambda: safetensors.numpy.save_file(model, root / "m.safetensors"),
        "joblib": lambda: joblib.dump(model, root / "m.joblib"),
        "pickle": lambda: pickle_dump(root / "m.pickle", model),
        "np.savez": lambda: np.savez(root / "m.npz", **model),
    }
    load: Ways = {
        "raw read": lambda: raw_read(root / "raw"),
        "sha256": lambda: sha256(root / "raw"),
        "groundwork": lambda: load_checkpoint(folder),
        "groundwork, verify='lazy'": lambda: load_checkpoint(folder, verify="lazy"),
        "safetensors": lambda: safetensors.numpy.load_file(root / "m.safetensors"),
        "joblib": lambda: joblib.load(root / "m.joblib"),
        "pickle": lambda: pickle_load(root / "m.pickle"),
        "np.load (npz)": lambda: np_load(root / "m.npz"),
    }
    try:
        import torch
    except ImportError:
        return save, load
    tensors = {name: torch.from_numpy(array) for name, array in model.items()}
    save["torch.save"] = lambda: torch.save(tensors, root / "m.pt")
    load["torch.load (weights_only)"] = lambda: torch.load(root / "m.pt", weights_only=True)
    load["torch.load (mmap)"] = lambda: torch.load(root / "m.pt", weights_only=True, mmap=True)
    return save, load


def seconds(action: Callable[[], object], *, sync: bool) -> float:
    if sync:
        os.sync()  # what earlier ways left in the cache is not this one's cost
    start = time.perf_counter()
    kept = action()
    elapsed = time.perf_counter() - start
    del kept
    return elapsed


def rounds(ways: Ways, *, sync: bool) -> dict[str, list[float]]:
    runs: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        # Each round begins elsewhere: whoever comes first finds the memory that the last round gave back.
        names = [*ways][number:] + [*ways][:number]
        for name in names:
            runs[name].append(seconds(ways[name], sync=sync))
    return runs


def table(title: str, runs: dict[str, list[float]], base: float, against: str) -> None:
    print(f"{title:<30}{'ms':>9}{'MiB/s':>8}{against:>22}")
    for name, times in runs.items():
        median = statistics.median(times)
        print(f"{name:<30}{median * 1e3:>9.1f}{MIB / median:>8.0f}{median / base:>22.2f}")
    print()


def peak_of_save(folder: Path) -> None:
    """Print by how many MiB a save raises the most memory that this process ever had."""
    store = CheckpointStore(folder / "warm")
    store.save(arrays(1), step=1)
    model = arrays()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    CheckpointStore(folder / "peak").save(model, step=1)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)


def main(folder: str | None = None) -> None:
    root = Path(tempfile.mkdtemp(dir=folder))
    try:
        save, load = ways(root, arrays())
        saves, loads = rounds(save, sync=True), rounds(load, sync=False)
        table(f"save {MIB} MiB", saves, statistics.median(saves["raw durable write"]), "time / raw")
        floor = max(statistics.median(loads[name]) for name in ("raw read", "sha256"))
        table(f"load {MIB} MiB", loads, floor, "time / max(raw, sha)")
        ratio = statistics.median(loads["joblib"]) / statistics.median(loads["groundwork"])
        print(f"verified load against joblib.load: {ratio:.1f}x as fast")
        child = [sys.executable, __file__, "--peak", str(root)]
        peak = subprocess.run(child, check=True, capture_output=True, text=True).stdout.strip()
        print(f"memory that a save adds to its arrays: {peak} MiB")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        peak_of_save(Path(sys.argv[2]))
    else:
        main(*sys.argv[1:2])
