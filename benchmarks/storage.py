"""What durability costs: an atomic write against a plain one, and one journal record.

Run: python benchmarks/storage.py [folder on the disk to measure]
Medians of several runs; the plain write leaves its bytes in the page cache, so its ratio is the price of safety.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from groundwork.storage import FileJournal, atomic_write, sha256

MIB = 64
ROUNDS = 7
RECORDS = 200
DATA = os.urandom(1 << 20)


def plain(path: Path) -> None:
    with open(path, "wb") as file:
        for _ in range(MIB):
            file.write(DATA)


def synced(path: Path) -> None:
    with open(path, "wb") as file:
        for _ in range(MIB):
            file.write(DATA)
        file.flush()
        os.fsync(file.fileno())


def atomic(path: Path, *, durable: bool = True) -> None:
    with atomic_write(path, durable=durable) as file:
        for _ in range(MIB):
            file.write(DATA)


def seconds(action: Callable[[], object]) -> float:
    os.sync()  # what earlier runs left in the cache is not this one's cost
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main(folder: str | None = None) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / "file"
        ways: dict[str, Callable[[], object]] = {
            "plain write, not durable": lambda: plain(path),
            "plain write + fsync": lambda: synced(path),
            "atomic_write(durable=False)": lambda: atomic(path, durable=False),
            "atomic_write": lambda: atomic(path),
            "sha256": lambda: sha256(path),
        }
        runs = {name: [seconds(way) for _ in range(ROUNDS)] for name, way in ways.items()}
        plain_s = statistics.median(runs["plain write, not durable"])
        print(f"{'64 MiB':<30}{'MiB/s':>8}{'time / plain':>14}")
        for name, times in runs.items():
            median = statistics.median(times)
            print(f"{name:<30}{MIB / median:>8.0f}{median / plain_s:>14.2f}")

        journal = FileJournal(Path(temporary) / "journal.jsonl")
        record = {"step": "train", "status": "SUCCESS", "seconds": 1.25}
        appends = sorted(seconds_of_append(journal, record) for _ in range(RECORDS))
        with open(Path(temporary) / "bare", "ab", buffering=0) as bare:
            fsyncs = sorted(seconds_of_fsync(bare) for _ in range(RECORDS))
        print(f"\n{'one record':<30}{'median ms':>10}{'p99 ms':>8}{'/ bare':>8}")
        bare_s = statistics.median(fsyncs)
        for name, times in (("bare write + fsync", fsyncs), ("FileJournal.append", appends)):
            median, p99 = statistics.median(times), times[int(0.99 * len(times))]
            print(f"{name:<30}{median * 1e3:>10.2f}{p99 * 1e3:>8.2f}{median / bare_s:>8.2f}")


def seconds_of_append(journal: FileJournal, record: dict[str, object]) -> float:
    start = time.perf_counter()
    journal.append(record)
    return time.perf_counter() - start


def seconds_of_fsync(bare: object) -> float:
    start = time.perf_counter()
    bare.write(b"x" * 90 + b"\n")  # type: ignore[attr-defined]
    os.fsync(bare.fileno())  # type: ignore[attr-defined]
    return time.perf_counter() - start


if __name__ == "__main__":
    main(*sys.argv[1:2])
