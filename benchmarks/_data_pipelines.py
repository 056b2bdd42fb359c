"""CSV to deduplicated Parquet, once in each library; run as a program, it prints rows and peak memory."""

import json
import sys
from pathlib import Path

PIPELINE = Path(__file__).parents[1] / "examples" / "flights" / "pipeline.yaml"
NUMBERS = ["year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"]
NUMBERS += ["flight", "air_time", "distance", "hour", "minute"]


def groundwork(source, out):
    """All columns typed, 24 rules, every record checked; the first of equal rows stays, in order."""
    import yaml

    from groundwork.data import Dataset, Schema, deduplicate

    schema = Schema.model_validate(yaml.safe_load(PIPELINE.read_text())["schema"])
    return deduplicate(Dataset.scan(source, schema=schema, null_values=["NA"]), out=out).report.rows_out


def polars(source, out, *, order=False, times=False):
    """Types guessed from the first rows, nothing checked."""
    import polars as pl

    rows = pl.scan_csv(source, null_values=["NA"], try_parse_dates=times)
    rows.unique(keep="first" if order else "any", maintain_order=order).sink_parquet(out)
    return pl.scan_parquet(out).select(pl.len()).collect().item()


def polars_ordered(source, out):
    return polars(source, out, order=True)


def polars_ordered_times(source, out):
    return polars(source, out, order=True, times=True)


def pandas(source, out):
    """Types declared, nothing checked; each chunk and then their sum deduplicated."""
    import pandas as pd

    types = dict.fromkeys(NUMBERS, "Int64")
    chunks = pd.read_csv(source, chunksize=100_000, dtype=types, na_values=["NA"], parse_dates=["time_hour"])
    rows = pd.concat([chunk.drop_duplicates() for chunk in chunks]).drop_duplicates()
    rows.to_parquet(out, index=False)
    return len(rows)


def peak_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    rows = globals()[sys.argv[1]](*sys.argv[2:4])
    print(json.dumps({"rows": rows, "peak_mib": peak_mib()}))
