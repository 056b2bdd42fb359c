"""The ten rules of validation.py as pandera says them; run by the peer's own interpreter with KIND FILE RUNS."""

import json
import sys
import time


def on_polars(path):
    import pandera.polars as pa
    import polars as pl

    schema = pa.DataFrameSchema(
        {
            "id": pa.Column(pl.Int64, unique=True),
            "origin": pa.Column(pl.String, pa.Check.isin(["EWR", "JFK", "LGA"]), nullable=False),
            "carrier": pa.Column(pl.String, pa.Check.str_matches("^[0-9A-Z]{2}$")),
            "distance": pa.Column(pl.Int64, pa.Check.ge(100)),
            "month": pa.Column(pl.Int64, pa.Check.in_range(1, 12)),
            "dep_delay": pa.Column(pl.Int64, pa.Check.le(1000), nullable=True),
            "time_hour": pa.Column(
                pl.Datetime("us", "UTC"), pa.Check.ge(pl.Series(["2013-01-01"]).str.to_datetime(time_zone="UTC")[0])
            ),
        },
        checks=pa.Check(
            lambda data: data.lazyframe.select(pl.col("hour") * 100 + pl.col("minute") == pl.col("sched_dep_time"))
        ),
    )
    return pl.read_parquet(path), schema, pa.errors.SchemaErrors


def on_pandas(path):
    import pandas as pd
    import pandera.pandas as pa

    frame = pd.read_parquet(path)
    schema = pa.DataFrameSchema(
        {
            "id": pa.Column("int64", unique=True),
            "origin": pa.Column(None, pa.Check.isin(["EWR", "JFK", "LGA"]), nullable=False),
            "carrier": pa.Column(None, pa.Check.str_matches("^[0-9A-Z]{2}$")),
            "distance": pa.Column("int64", pa.Check.ge(100)),
            "month": pa.Column("int64", pa.Check.in_range(1, 12)),
            "dep_delay": pa.Column("float64", pa.Check.le(1000), nullable=True),
            "time_hour": pa.Column(None, pa.Check.ge(pd.Timestamp("2013-01-01", tz="UTC"))),
        },
        checks=pa.Check(lambda data: data["hour"] * 100 + data["minute"] == data["sched_dep_time"]),
    )
    return frame, schema, pa.errors.SchemaErrors


def main(kind, path, runs):
    frame, schema, broken = {"polars": on_polars, "pandas": on_pandas}[kind](path)
    spent, found = [], None
    for _ in range(int(runs)):
        started = time.perf_counter()
        try:
            schema.validate(frame, lazy=True)
        except broken as error:
            found = error
        spent.append(time.perf_counter() - started)
    cases = found.failure_cases["column"]
    counts = dict(zip(*map(list, _counted(cases)), strict=True))
    print(json.dumps({"seconds": min(spent), "broken": counts}))


def _counted(cases):
    values = cases.to_list() if hasattr(cases, "to_list") else list(cases)
    names = sorted(set(values))
    return names, [values.count(name) for name in names]


if __name__ == "__main__":
    main(*sys.argv[1:])
