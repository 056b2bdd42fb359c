"""Leakage on the real flights: what tells the delay is named, and the schedule is left alone."""

from pathlib import Path

import polars as pl
import pytest

from groundwork.data import Dataset, Schema, Splits, leakage, split

pytestmark = pytest.mark.integration

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights" / "data" / "flights.csv.zip"
NUMBERS = ["month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"]
NUMBERS += ["flight", "air_time", "distance", "hour", "minute"]
SCHEDULE = ["carrier", "flight", "tailnum", "origin", "dest", "distance", "sched_dep_time", "sched_arr_time"]
SCHEDULE += ["month", "day", "hour", "minute"]


@pytest.fixture(scope="module")
def splits() -> Splits:
    columns = {**{name: {"dtype": "Int64"} for name in NUMBERS}, "time_hour": {"dtype": "Datetime"}}
    schema = Schema.model_validate({"columns": columns})
    flights = Dataset.scan(FLIGHTS, schema=schema, null_values=["NA"]).collect().drop_nulls("arr_delay")
    table = flights.with_columns(late=pl.col("arr_delay") > 15)
    return split(table, kind="time", column="time_hour", unit="1d", test=0.15, validation=0.1)


@pytest.mark.parametrize("target", ["late", "arr_delay"])
def test_the_schedule_is_left_alone(splits, target):
    keys = [["time_hour", "carrier", "flight", "origin", "sched_dep_time"]]

    assert leakage(splits, target=target, features=SCHEDULE, keys=keys, time="time_hour") == []


@pytest.mark.parametrize(
    ("target", "measure", "at_least"), [("late", "ROC AUC", 0.9), ("arr_delay", "R (root of R²)", 0.88)]
)
def test_the_delay_at_departure_gives_the_delay_at_arrival_away(splits, target, measure, at_least):
    (finding,) = leakage(splits, target=target, features=[*SCHEDULE, "dep_delay"], time="time_hour")

    assert (finding.kind, finding.severity, finding.columns) == ("column", "error", ["dep_delay"])
    assert finding.evidence["measure"] == measure
    assert finding.evidence["score"] >= at_least


def test_actual_times_beside_the_schedule_give_it_away(splits):
    findings = leakage(splits, target="late", features=[*SCHEDULE, "dep_time", "arr_time"], time="time_hour")

    told = {frozenset(one.columns) for one in findings if one.kind == "column" and one.severity == "error"}
    assert told == {frozenset({"sched_dep_time", "dep_time"}), frozenset({"sched_arr_time", "arr_time"})}


def test_a_split_at_random_shares_days_and_planes_in_every_part(splits):
    table = pl.concat([splits.train, splits.validation, splits.test])

    findings = leakage(split(table, kind="random", test=0.15, validation=0.1), keys=["tailnum"], time="time_hour")

    assert {(one.kind, one.severity, one.evidence["part"]) for one in findings} == {
        (kind, "error", part) for kind in ("key", "group", "time") for part in ("test", "validation")
    }
