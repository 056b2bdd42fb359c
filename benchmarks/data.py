"""CSV to validated, deduplicated Parquet: groundwork beside polars and pandas, seconds and peak memory.

The flights of the example twelve times over (373 MB), and with --large sixty times (1.9 GB, groundwork alone). Each
pipeline runs in a process of its own, start and imports counted, in turn; the median round counts. Linux only.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from _peers import peer_python
from _targets import Targets, table

HERE = Path(__file__).parent
FLIGHTS = HERE.parent / "examples" / "flights" / "data" / "flights.csv.zip"
UNIQUE = 336_776

PIPELINES = {
    "groundwork": "groundwork: typed, 19 columns and their rules checked, order kept",
    "polars_ordered_times": "polars, order kept, times parsed",
    "polars_ordered": "polars, order kept, times left as text",
    "polars": "polars, any order, times left as text",
    "pandas": "pandas in chunks, times parsed",
}


def write_flights(path, times):
    """Write the flights so many times over, as one plain CSV."""
    head, _, body = zipfile.ZipFile(FLIGHTS).read("flights.csv").partition(b"\n")
    with open(path, "wb") as file:
        file.write(head + b"\n")
        for _ in range(times):
            file.write(body)


def measured(name, source, folder):
    """Run one pipeline; return its seconds and its peak in MiB."""
    python = peer_python("data", "pandas==3.1.1", "pyarrow==26.0.1") if name == "pandas" else sys.executable
    out = folder / f"{name}.parquet"
    started = time.perf_counter()
    run = subprocess.run(
        [python, HERE / "_data_pipelines.py", name, source, out], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if run.returncode:
        sys.exit(f"{name} failed:\n{run.stderr}")
    told = json.loads(run.stdout)
    assert told["rows"] == UNIQUE, (name, told)
    return seconds, told["peak_mib"]


def check_equal(folder):
    """Hold the rows of groundwork against those of polars, cell by cell."""
    import polars as pl

    ours, theirs = (pl.read_parquet(folder / f"{name}.parquet") for name in ("groundwork", "polars_ordered_times"))
    assert ours.equals(theirs.cast(ours.schema)), "groundwork and polars keep other rows"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--large", action="store_true", help="also 1.9 GB, groundwork alone")
    options = parser.parse_args()
    rounds = 1 if options.quick else 5
    runs = {name: [] for name in PIPELINES}
    targets = Targets()
    with tempfile.TemporaryDirectory(prefix="groundwork-data-") as made:
        folder = Path(made)
        write_flights(folder / "f.csv", 12)
        size = (folder / "f.csv").stat().st_size / 1e6
        for _ in range(rounds):
            for name, found in runs.items():
                found.append(measured(name, folder / "f.csv", folder))
        check_equal(folder)
        large = None
        if options.large:
            write_flights(folder / "f.csv", 60)
            large = measured("groundwork", folder / "f.csv", folder)
    seconds = {name: statistics.median(each for each, _ in found) for name, found in runs.items()}
    peak = {name: max(each for _, each in found) for name, found in runs.items()}
    table(
        [f"{size:.0f} MB of CSV to Parquet without duplicates", "s", "groundwork's speed / its", "peak MiB"],
        [
            [what, f"{seconds[name]:.1f}", f"{seconds[name] / seconds['groundwork']:.2f}", f"{peak[name]:.0f}"]
            for name, what in PIPELINES.items()
        ],
    )
    for name, what in PIPELINES.items():
        if name != "groundwork":
            least = 3 if name == "pandas" else 0.8
            targets.least(f"speed of {what}", seconds[name] / seconds["groundwork"], least, " times")
    targets.most("peak", peak["groundwork"], 512, " MiB")
    if large is not None:
        targets.most(f"peak at 1.9 GB, which took {large[0]:.1f} s", large[1], 512, " MiB")
    table(["target", "measured", "limit", ""], targets.told)
    sys.exit(1 if targets.missed else 0)


if __name__ == "__main__":
    main()
