"""Data: the real flights, and what must not depend on the process."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from groundwork.data import Dataset, Schema, expression, leakage, profile, split
from groundwork.errors import InvalidDataError

pytestmark = pytest.mark.integration

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights" / "data" / "flights.csv.zip"
NUMBERS = [
    "year",
    "month",
    "day",
    "dep_time",
    "sched_dep_time",
    "dep_delay",
    "arr_time",
    "sched_arr_time",
    "arr_delay",
    "flight",
    "air_time",
    "distance",
    "hour",
    "minute",
]
SCHEMA = Schema.model_validate(
    {"columns": {**{name: {"dtype": "Int64"} for name in NUMBERS}, "time_hour": {"dtype": "Datetime"}}}
)
HONEST = ["carrier", "origin", "dest", "distance", "sched_dep_time", "sched_arr_time"]


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    return Dataset.scan(FLIGHTS, schema=SCHEMA, null_values=["NA"]).collect()


def test_the_flights_come_whole(flights):
    assert flights.shape == (336_776, 19)
    assert sum(flights.null_count().row(0)) == 46_595
    assert flights.schema["time_hour"] == pl.Datetime("us", "UTC")


def test_a_wrong_value_deep_in_the_flights_is_named(tmp_path):
    lines = zipfile.ZipFile(FLIGHTS).read("flights.csv").splitlines(keepends=True)
    fields = lines[200_001].split(b",")
    lines[200_001] = b",".join([*fields[:3], b"abc", *fields[4:]])
    with zipfile.ZipFile(tmp_path / "flights.csv.zip", "w") as archive:
        archive.writestr("flights.csv", b"".join(lines))

    with pytest.raises(InvalidDataError) as caught:
        Dataset.scan(tmp_path / "flights.csv.zip", schema=SCHEMA, null_values=["NA"]).collect()

    assert caught.value.message == "flights.csv.zip: row 200,001 (line 200,002), column dep_time: 'abc' is not Int64"


def test_the_flights_own_leaks_are_found_and_the_honest_split_is_clean(flights):
    table = flights.filter(pl.col("arr_delay").is_not_null()).with_columns(late=expression("pl.col('arr_delay') > 15"))
    by_time = split(table, kind="time", column="time_hour", unit="1d", test=0.15)
    at_random = split(table, kind="random", test=0.15)

    clean = leakage(by_time, target="late", features=HONEST, time="time_hour")
    told = leakage(by_time, target="late", features=[*HONEST, "dep_delay"], time="time_hour")
    mixed = leakage(at_random, target="late", features=HONEST, time="time_hour")

    assert clean == []
    assert [(finding.severity, finding.columns) for finding in told] == [("error", ["dep_delay"])]
    days = next(finding for finding in mixed if finding.kind == "group")
    assert days.evidence["shared"] >= 365
    json.dumps([finding.to_dict() for finding in [*told, *mixed]])


def test_the_flights_profile_is_json(flights):
    told = profile(flights).to_dict()

    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_another_process_with_another_hash_seed_parts_alike():
    program = (
        "import polars as pl; from groundwork.data import split\n"
        "f = pl.DataFrame({'id': range(60), 'class': list('abc') * 20, 'group': [f'g{i % 17}' for i in range(60)]})\n"
        "for kind, column in (('random', None), ('stratified', 'class'), ('group', 'group')):\n"
        "    print(split(f, kind=kind, column=column, test=0.3, seed=5).test['id'].to_list())"
    )

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
    assert outputs.pop().count("[") == 3
