"""Seconds and peak memory to read the flights, typed: groundwork's stream beside polars and, where installed, pandas.

Each reader runs in a process of its own, imports counted; the best of three counts. Peers read without checking field
counts or reporting where a bad value stands, and need the member unpacked in memory first.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

FLIGHTS = Path(__file__).parents[1] / "examples" / "flights" / "data" / "flights.csv.zip"
NUMBERS = (
    "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay flight air_time distance "
    "hour minute"
)


def groundwork() -> int:
    import polars as pl

    from groundwork.storage import stream

    types = {**dict.fromkeys(NUMBERS.split(), pl.Int64()), "time_hour": pl.Datetime("us", "UTC")}
    return sum(frame.height for frame in stream(FLIGHTS, columns=types, null_values=["NA"]))


def polars() -> int:
    import zipfile

    import polars as pl

    content = zipfile.ZipFile(FLIGHTS).read("flights.csv")
    frame = pl.read_csv(content, null_values=["NA"], schema_overrides=dict.fromkeys(NUMBERS.split(), pl.Int64))
    return frame.with_columns(pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ")).height


def pandas() -> int:
    import pandas as pd

    types = dict.fromkeys(NUMBERS.split(), "Int64")
    chunks = pd.read_csv(FLIGHTS, chunksize=65_536, dtype=types, na_values=["NA"], parse_dates=["time_hour"])
    return sum(len(chunk) for chunk in chunks)


READERS = {"groundwork": groundwork, "polars": polars, "pandas": pandas}


def measure(name: str) -> dict[str, float]:
    import resource

    started = time.perf_counter()
    rows = READERS[name]()
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def best(name: str) -> dict[str, float] | None:
    runs = []
    for _ in range(3):
        run = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False)
        if run.returncode:
            return None
        runs.append(json.loads(run.stdout))
    return min(runs, key=lambda one: one["seconds"])


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    ours = best("groundwork")
    assert ours
    print(f"{'reader':12} {'seconds':>8} {'peak MB':>8} {'ratio':>6}")
    for name in READERS:
        found = ours if name == "groundwork" else best(name)
        if found is None:
            print(f"{name:12} not installed here")
        else:
            print(f"{name:12} {found['seconds']:8.2f} {found['mb']:8.0f} {found['seconds'] / ours['seconds']:6.2f}")


if __name__ == "__main__":
    main()
