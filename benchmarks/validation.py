"""Ten rules over the flights in memory: seconds of groundwork beside pandera on polars and on pandas.

Rule: all three find the same bad rows, or the figures are not told. Each runs in a process of its own, imports and the
reading of the table not counted; the best of five counts. pandera keeps every bad value, groundwork counts them all and
keeps five.

Run it with the environment set up and the machine quiet: .venv/bin/python benchmarks/validation.py
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _peers import peer_python
from _targets import Targets, table

HERE = Path(__file__).resolve().parent
FLIGHTS = HERE.parent / "examples" / "flights" / "data" / "flights.csv.zip"
NUMBERS = ("month", "dep_delay", "sched_dep_time", "distance", "hour", "minute")
PANDERA = ("pandera[polars,pandas]==0.35.0", "polars==2.1.0", "pandas==3.1.1", "pyarrow==26.0.1")
RUNS = 5
SCHEMA = {
    "columns": {
        "id": {"dtype": "Int64", "unique": True},
        "origin": {"dtype": "String", "allowed": ["EWR", "JFK", "LGA"], "nullable": False},
        "carrier": {"dtype": "String", "regex": "[0-9A-Z]{2}"},
        "distance": {"dtype": "Int64", "min": 100},
        "month": {"dtype": "Int64", "min": 1, "max": 12},
        "dep_delay": {"dtype": "Int64", "max": 1000},
        "time_hour": {"dtype": "Datetime[UTC]", "min": "2013-01-01T00:00Z"},
    },
    "rules": {"scheduled": "pl.col('hour') * 100 + pl.col('minute') == pl.col('sched_dep_time')"},
}


def make(path: Path, times: int) -> int:
    """Write the flights, so many times over, with a number for each row."""
    import polars as pl

    from groundwork.data import Dataset, Schema

    types = {**{name: {"dtype": "Int64"} for name in NUMBERS}, "time_hour": {"dtype": "Datetime[UTC]"}}
    schema = Schema.model_validate({"columns": types})
    flights = Dataset.scan(FLIGHTS, schema=schema, null_values=["NA"]).collect()
    whole = pl.concat([flights] * times).select(*NUMBERS, "time_hour", "origin", "carrier").with_row_index("id")
    whole.with_columns(pl.col("id").cast(pl.Int64)).write_parquet(path)
    return whole.height


def ours(path: str) -> None:
    import polars as pl

    from groundwork.data import Dataset, Schema

    dataset = Dataset.scan(pl.read_parquet(path), schema=Schema.model_validate(SCHEMA))
    spent = []
    for _ in range(RUNS):
        started = time.perf_counter()
        report = dataset.validate()
        spent.append(time.perf_counter() - started)
    print(json.dumps({"seconds": min(spent), "broken": {one.column: one.count for one in report.violations}}))


def run(*command: str) -> dict:
    done = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    peer, targets, rows = peer_python("pandera", *PANDERA), Targets(), []
    with tempfile.TemporaryDirectory() as folder:
        for times in (1, 4):
            path = str(Path(folder) / f"{times}.parquet")
            height = make(Path(path), times)
            found = {
                "groundwork": run(sys.executable, __file__, path),
                "pandera on polars": run(peer, "_validation_pandera.py", "polars", path, str(RUNS)),
                "pandera on pandas": run(peer, "_validation_pandera.py", "pandas", path, str(RUNS)),
            }
            if any(one["broken"] != found["groundwork"]["broken"] for one in found.values()):
                raise SystemExit(f"the bad rows differ: {found}")
            base = found["groundwork"]["seconds"]
            for name, one in found.items():
                rows.append([name, f"{height:,}", f"{one['seconds']:.3f}", f"{one['seconds'] / base:.1f}"])
            for name in list(found)[1:]:
                targets.least(f"{name}: its time over ours, {height:,} rows", found[name]["seconds"] / base, 1)
    table(["ten rules", "rows", "seconds", "times ours"], rows)
    table(["promise", "measured", "target", ""], targets.told)
    return int(targets.missed > 0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ours(sys.argv[1])
    else:
        raise SystemExit(main())
