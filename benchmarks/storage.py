"""What files cost: durable writes, streams in bounded memory, each format beside its peers, one journal record.

Run: python benchmarks/storage.py [--quick] [--no-peers] [folder on the disk to measure]
Exits 1 if a target is missed. Rounds are interleaved, figures are medians. The peers (pandas, pyarrow, polars, numpy)
get a virtual environment of their own in the user's cache folder. Checkpoints: benchmarks/checkpoints.py.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
import zstandard
from _peers import peer_python

from groundwork.storage import FileJournal, atomic_write, write

MIB = 1 << 20
RECORDS = 200
PEERS = ("pandas", "pyarrow", "polars", "numpy", "stdlib")
WORKER = Path(__file__).with_name("_storage_worker.py")
missed: list[str] = []


def target(name: str, value: float, limit: float) -> str:
    """Say whether a target is met; a miss decides the exit status."""
    if value <= limit:
        return f"target <= {limit:g}: met"
    missed.append(f"{name}: {value:.2f}, target <= {limit:g}")
    return f"target <= {limit:g}: MISSED"


def bare(path: Path, pieces: list[bytes]) -> None:
    """What one writes by hand for a durable replacement, links, modes and leftovers left out."""
    temporary = f"{path}.tmp"
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    try:
        for piece in pieces:
            os.write(descriptor, piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def ours(path: Path, pieces: list[bytes], *, durable: bool = True) -> None:
    with atomic_write(path, durable=durable) as file:
        for piece in pieces:
            file.write(piece)


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def durable_writes(folder: Path, *, quick: bool) -> None:
    print(f"{'durable replacement':<24}{'by hand ms':>12}{'atomic_write ms':>17}{'ratio':>8}")
    sizes = [("64 MiB", [os.urandom(MIB)] * 64, 5 if quick else 25, 1.1), ("4 KiB", [os.urandom(4096)], 300, 1.2)]
    for name, pieces, rounds, limit in sizes:
        path = folder / "replaced"
        ways = [lambda: bare(path, pieces), lambda: ours(path, pieces)]  # noqa: B023
        times: tuple[list[float], list[float]] = ([], [])
        for each in ways:
            each()
        for round_ in range(rounds):
            for which in (0, 1) if round_ % 2 else (1, 0):
                times[which].append(seconds(ways[which]))
        by_hand, atomic = map(statistics.median, times)
        ratio = atomic / by_hand
        verdict = target(f"durable {name}", ratio, limit)
        print(f"{name:<24}{by_hand * 1e3:>12.2f}{atomic * 1e3:>17.2f}{ratio:>8.2f}  {verdict}")
        path.unlink()


def frame_of(rows: int, chance: np.random.Generator) -> pl.DataFrame:
    cities = np.array(["New York", "Newark", "Boston", "São Paulo", "Zürich"])
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "price": (chance.random(rows) * 1000).round(4),
            "city": cities[chance.integers(0, len(cities), rows)],
            "delay": chance.integers(-60, 900, rows),
        }
    )


def made_csv(path: Path, size: int) -> int:
    """Write a CSV of about that many bytes before compression; return its rows."""
    chance = np.random.default_rng(0)
    rows = written = 0
    with opened(path) as file:
        while written < size:
            data = frame_of(100_000, chance).write_csv(include_header=not rows).encode()
            file.write(data)
            rows, written = rows + 100_000, written + len(data)
    return rows


def opened(path: Path):  # type: ignore[no-untyped-def]
    if path.suffix == ".gz":
        return gzip.open(path, "wb", compresslevel=1)
    return zstandard.open(path, "wb") if path.suffix == ".zst" else open(path, "wb")


def streams(folder: Path, peers: str | None, *, quick: bool) -> None:
    small, large = (64, 256) if quick else (1024, 4096)
    print(f"\n{'stream of a CSV':<24}{'MiB':>8}{'peak MiB':>10}{'MiB/s':>8}{'peak / peak of the small one':>30}")
    for suffix in ("", ".gz", ".zst"):
        peaks = []
        for mib in (small, large):
            path = folder / f"table.csv{suffix}"
            rows = made_csv(path, mib * MIB)
            got = worker(sys.executable, "stream", "groundwork", path)
            if rows != got["rows"]:
                raise SystemExit(f"{path.name}: {got['rows']} rows came of {rows}")
            peaks.append(got["peak_mib"])
            line = f"{'csv' + suffix:<24}{mib:>8}{peaks[-1]:>10.0f}{mib / got['seconds']:>8.0f}"
            if len(peaks) == 2:
                ratio = peaks[1] / peaks[0]
                line += f"{ratio:>30.2f}  {target(f'peak ratio csv{suffix}', ratio, 1.2)}"
                line += f"; peak {target(f'peak MiB csv{suffix}', peaks[1], 512)}"
            print(line)
            if peers and not suffix and mib == small:
                for peer in ("pandas", "pyarrow"):
                    theirs = worker(peers, "stream", peer, path)
                    speed, peak = theirs["seconds"] / got["seconds"], got["peak_mib"] / theirs["peak_mib"]
                    print(
                        f"{'  ' + peer:<24}{mib:>8}{theirs['peak_mib']:>10.0f}{mib / theirs['seconds']:>8.0f}"
                        f"  ours is {speed:.2f} times as fast, its peak {peak:.2f} of that"
                    )
            path.unlink()


def worker(python: str, what: str, library: str, path: Path):  # type: ignore[no-untyped-def]
    done = subprocess.run(
        [python, str(WORKER), what, library, str(path)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def sources(folder: Path, rows: int, array_mib: int) -> None:
    chance = np.random.default_rng(0)
    frame = frame_of(rows, chance)
    write(folder / "source.parquet", frame)
    write(folder / "source.json", frame.head(rows // 5).to_dicts())
    write(folder / "source.npy", chance.random((array_mib * 256, 1024), np.float32))


def formats(folder: Path, peers: str | None, *, quick: bool) -> None:
    sources(folder, 50_000 if quick else 1_000_000, 8 if quick else 64)
    pythons = {"groundwork": sys.executable, "stdlib": sys.executable}
    pythons |= dict.fromkeys(PEERS[:-1], peers) if peers else {}
    runs: dict[str, list[dict[str, float]]] = {library: [] for library in ("groundwork", *PEERS)}
    for _ in range(1 if quick else 3):
        for library, python in pythons.items():
            runs[library].append(worker(python, "formats", library, folder))
    print("\nformats: ours in MB/s of the uncompressed file, not synced; beside it how many times as fast as the peer")
    print(f"{'':<22}{'MB/s':>8}" + "".join(f"{peer:>10}" for peer in PEERS))
    for key in runs["groundwork"][0]:
        took = statistics.median(run[key] for run in runs["groundwork"])
        plain = folder / f"groundwork.{key.split()[0].split('.')[0]}"
        line = f"{key:<22}{plain.stat().st_size / 1e6 / took:>8.0f}"
        for peer in PEERS:
            theirs = [run[key] for run in runs[peer] if key in run]
            line += f"{statistics.median(theirs) / took:>10.2f}" if theirs else f"{'-':>10}"
        print(line)
    print(
        "Each compresses at its own default level. Of jsonl and json, groundwork and stdlib give lists of dicts, "
        "the others tables."
    )


def journal(folder: Path) -> None:
    log = FileJournal(folder / "journal.jsonl")
    record = {"step": "train", "status": "SUCCESS", "seconds": 1.25}
    appends, bares = [], []
    with open(folder / "bare", "ab", buffering=0) as file:

        def by_hand() -> None:
            file.write(b"x" * 90 + b"\n")
            os.fsync(file.fileno())

        for _ in range(RECORDS):
            bares.append(seconds(by_hand))
            appends.append(seconds(lambda: log.append(record)))
    print(f"\n{'one record':<24}{'median ms':>12}{'p99 ms':>10}{'ratio':>8}")
    for name, times in (("bare write + fsync", sorted(bares)), ("FileJournal.append", sorted(appends))):
        median, late = statistics.median(times), times[int(0.99 * len(times))]
        print(f"{name:<24}{median * 1e3:>12.2f}{late * 1e3:>10.2f}{median / statistics.median(bares):>8.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="on the disk to measure; else the system's temporary folder")
    parser.add_argument("--quick", action="store_true", help="smaller files, fewer rounds")
    parser.add_argument("--no-peers", action="store_true", help="without pandas, pyarrow, polars and numpy")
    asked = parser.parse_args()
    same = [f"{name}=={version(name)}" for name in ("polars", "numpy", "zstandard")]
    peers = None if asked.no_peers else peer_python("tables", "pandas", "pyarrow", *same)
    with tempfile.TemporaryDirectory(dir=asked.folder) as temporary:
        folder = Path(temporary)
        durable_writes(folder, quick=asked.quick)
        journal(folder)
        streams(folder, peers, quick=asked.quick)
        formats(folder, peers, quick=asked.quick)
    for each in missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
