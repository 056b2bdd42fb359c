"""Splits: a partition, reproducible, with whole groups and whole days."""

import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import split
from groundwork.errors import ConfigurationError, InvalidDataError

START = datetime.datetime(2013, 1, 1, 5, tzinfo=datetime.UTC)


def table(rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": range(rows),
            "class": [("a", "b", "b")[at % 3] for at in range(rows)],
            "group": [f"g{at % 17}" for at in range(rows)],
            "when": [START + datetime.timedelta(hours=at * 7 % 997) for at in range(rows)],
        },
        schema_overrides={"id": pl.Int64},
    )


WAYS = {"random": {}, "stratified": {"column": "class"}, "group": {"column": "group"}, "time": {"column": "when"}}


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(sorted(WAYS)),
    st.integers(100, 200),
    st.floats(0.1, 0.5),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.integers(0, 3),
)
def test_the_parts_hold_every_row_once(kind, rows, test, validation, seed):
    frame = table(rows).with_columns(group="id")

    splits = split(frame, kind=kind, test=test, validation=validation, seed=seed, **WAYS[kind])

    parts = [splits.train, splits.validation, splits.test]
    assert sorted(row for part in parts for row in part["id"]) == list(range(rows))
    assert splits.train.height
    assert splits.test.height
    assert bool(splits.validation.height) == bool(validation)
    assert splits.to_dict()["rows"] == {
        "train": splits.train.height,
        "validation": splits.validation.height,
        "test": splits.test.height,
    }


@pytest.mark.parametrize("kind", ["random", "stratified", "group"])
def test_rows_keep_their_order(kind):
    splits = split(table(100), kind=kind, test=0.3, **WAYS[kind])

    assert splits.train["id"].is_sorted()
    assert splits.test["id"].is_sorted()


@pytest.mark.parametrize("kind", ["random", "stratified", "group"])
def test_the_seed_settles_the_parts(kind):
    first, again, other = (split(table(200), kind=kind, test=0.3, seed=seed, **WAYS[kind]).test for seed in (1, 1, 2))

    assert first.equals(again)
    assert not first.equals(other)


def test_fractions_are_met():
    splits = split(table(1000), kind="random", test=0.15, validation=0.1)

    assert (splits.train.height, splits.validation.height, splits.test.height) == (750, 100, 150)


def test_stratified_parts_hold_each_class_in_equal_shares():
    splits = split(table(300), kind="stratified", column="class", test=0.2, validation=0.1)

    for part in (splits.train, splits.validation, splits.test):
        assert (part["class"] == "a").mean() == pytest.approx(1 / 3)


def test_a_class_too_small_to_part_is_named():
    frame = pl.DataFrame({"class": ["a"] * 10 + ["b"]})

    with pytest.raises(InvalidDataError, match=r"class 'b' of class has 1 row; .* into 2 parts needs 2") as caught:
        split(frame, kind="stratified", column="class", test=0.2)

    assert caught.value.context["count"] == 1


def test_a_class_of_as_many_rows_as_parts_has_one_in_each():
    splits = split(pl.DataFrame({"c": ["a"] * 3}), kind="stratified", column="c", test=0.9, validation=0.05)

    assert [part.height for part in (splits.train, splits.validation, splits.test)] == [1, 1, 1]


def test_groups_are_never_parted():
    splits = split(table(200), kind="group", column="group", test=0.3, validation=0.2)

    groups = [set(part["group"]) for part in (splits.train, splits.validation, splits.test)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


def test_new_rows_do_not_move_old_groups():
    small = split(table(100), kind="group", column="group", test=0.3)
    large = split(
        table(200).with_columns(group=pl.col("group").replace("g3", "new")), kind="group", column="group", test=0.3
    )

    assert set(small.test["group"]) - {"g3"} == set(large.test["group"]) - {"g3", "new"}


def test_groups_of_time_go_by_unit():
    splits = split(table(200), kind="group", column="when", unit="1d", test=0.3)

    assert not set(splits.train["when"].dt.date()) & set(splits.test["when"].dt.date())


def test_one_group_cannot_be_parted():
    with pytest.raises(InvalidDataError, match=r"the group split of 5 rows leaves (train|test) without rows"):
        split(pl.DataFrame({"g": ["x"] * 5}), kind="group", column="g", test=0.5)


def test_time_splits_put_the_latest_rows_into_test():
    splits = split(table(400), kind="time", column="when", test=0.2, validation=0.1)

    assert splits.train["when"].max() < splits.validation["when"].min()
    assert splits.validation["when"].max() < splits.test["when"].min()
    assert splits.boundaries["test"] == splits.test["when"][0].isoformat()
    assert splits.to_dict()["boundaries"]["validation"] == splits.validation["when"][0].isoformat()


def test_no_day_lies_on_both_sides_in_the_columns_own_zone():
    frame = table(400).with_columns(pl.col("when").dt.convert_time_zone("America/New_York"))

    splits = split(frame, kind="time", column="when", unit="1d", test=0.2, validation=0.2)

    days = [set(part["when"].dt.date()) for part in (splits.train, splits.validation, splits.test)]
    assert not days[0] & days[1]
    assert not days[1] & days[2]
    assert splits.test.height == pytest.approx(80, abs=24)


def test_equal_times_are_never_parted():
    frame = pl.DataFrame({"year": [1, 1, 1, 1, 2, 3]})

    splits = split(frame, kind="time", column="year", test=0.5)

    assert splits.train["year"].to_list() == [1, 1, 1, 1]
    assert splits.boundaries == {"test": "2"}


@pytest.mark.parametrize(("values", "edge"), [([1.0, 2.0], "2.0"), ([1.0, float("inf")], "inf")])
def test_boundaries_of_numbers_are_text(values, edge):
    assert split(pl.DataFrame({"t": values}), kind="time", column="t", test=0.5).boundaries["test"] == edge


@pytest.mark.parametrize(("unit", "what"), [(None, "2 different times"), ("1d", "1 units of 1d")])
def test_too_few_times_say_so(unit, what):
    frame = pl.DataFrame({"when": [START, START + datetime.timedelta(hours=1)] * 3})

    with pytest.raises(InvalidDataError, match=what):
        split(frame, kind="time", column="when", unit=unit, test=0.3, validation=0.3)


@pytest.mark.parametrize("kind", ["stratified", "group", "time"])
def test_missing_values_in_the_column_are_counted(kind):
    frame = table(60).with_columns(pl.when(pl.col("id") > 56).then(None).otherwise(pl.col("when")).alias("when"))

    with pytest.raises(InvalidDataError, match="column when is missing in 3 of 60 rows") as caught:
        split(frame, kind=kind, column="when", test=0.3)

    assert caught.value.context == {"column": "when", "count": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        {"test": 0},
        {"test": 1},
        {"test": -0.1},
        {"test": float("nan")},
        {"test": 0.5, "validation": 0.5},
        {"test": 0.5, "validation": -0.1},
        {"test": 0.2, "kind": "sorted"},
        {"test": 0.2, "kind": "time"},
        {"test": 0.2, "kind": "time", "column": "id", "unit": "1d"},
        {"test": 0.2, "kind": "time", "column": "when", "unit": "1 fortnight"},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigurationError) as caught:
        split(table(50), **{"kind": "random", **wrong})

    assert caught.value.hint


def test_too_few_rows_and_unknown_columns_are_refused():
    with pytest.raises(InvalidDataError, match="2 rows are too few for 3 parts"):
        split(table(2), kind="random", test=0.3, validation=0.3)
    with pytest.raises(InvalidDataError, match="no column 'wen'") as caught:
        split(table(9), kind="time", column="wen", test=0.3)

    assert "when" in caught.value.hint


def test_parts_never_change_between_versions():
    assert split(table(40), kind="random", test=0.2).test["id"].to_list() == [2, 3, 4, 11, 23, 24, 27, 34]
    assert sorted(set(split(table(40), kind="group", column="group", test=0.3).test["group"])) == [
        "g10",
        "g12",
        "g13",
        "g15",
        "g8",
    ]
