"""Splits: a partition, reproducible, stable, with whole groups and whole days."""

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, split
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError

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


WAYS = {
    "random": {},
    "stratified": {"column": "class"},
    "group": {"column": "group"},
    "stratified-group": {"column": "class", "group": "group"},
    "time": {"column": "when"},
}
KEYED = {
    "random": {"key": "id"},
    "stratified": {"column": "class", "key": "id"},
    "group": {"group": "group"},
}


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


@pytest.mark.parametrize("kind", ["random", "stratified", "group", "stratified-group"])
def test_rows_keep_their_order(kind):
    splits = split(table(100), kind=kind, test=0.3, **WAYS[kind])

    assert splits.train["id"].is_sorted()
    assert splits.test["id"].is_sorted()


@pytest.mark.parametrize("kind", ["random", "stratified", "group", "stratified-group"])
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


@pytest.mark.parametrize("kind", ["group", "stratified-group"])
def test_groups_are_never_parted(kind):
    splits = split(table(200), kind=kind, test=0.3, validation=0.2, **WAYS[kind])

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


@pytest.mark.parametrize(
    "values", [["9", "10"], ["01/02/2020", "02/01/2021"], ["2020-01-01", "2020-01-01T05:00"], ["2020-01-01", "soon"]]
)
@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_text_that_does_not_sort_as_time_is_refused(values, dtype):
    frame = pl.DataFrame({"t": pl.Series(values * 3, dtype=dtype)})

    with pytest.raises(InvalidDataError, match="column t is text, which sorts letter by letter") as caught:
        split(frame, kind="time", column="t", test=0.5)

    assert caught.value.hint == "make t a date, a time or a number first: declare it in the schema, or parse it"


@pytest.mark.parametrize(
    "values",
    [
        ["2019", "2020"],
        ["20190101", "20200101"],
        ["2019-12", "2020-01"],
        ["2020-01-01T05:00Z"] * 2 + ["2020-01-02T05:00Z"],
    ],
)
def test_text_that_sorts_as_time_is_taken(values):
    splits = split(pl.DataFrame({"t": values}), kind="time", column="t", test=0.5)

    assert splits.boundaries == {"test": values[-1]}


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None, True])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ConfigurationError, match=r"seed .* is no whole number from 0"):
        split(table(60), kind="random", test=0.3, seed=seed)


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
        {"test": 0.2, "unit": "1d"},
        {"test": 0.2, "kind": "group"},
        {"test": 0.2, "kind": "group", "group": "group", "column": "class"},
        {"test": 0.2, "kind": "stratified-group", "group": "group"},
        {"test": 0.2, "kind": "stratified-group", "column": "class"},
        {"test": 0.2, "kind": "stratified-group", "column": "class", "group": "group", "key": "id"},
        {"test": 0.2, "kind": "stratified", "column": "class", "group": "group"},
        {"test": 0.2, "kind": "time", "column": "when", "key": "id"},
        {"test": 0.2, "kind": "group", "group": "group", "key": "id"},
        {"test": 0.2, "key": []},
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
    assert split(table(40), kind="random", key="id", test=0.2).test["id"].to_list() == [6, 10, 11, 13, 17, 27, 28, 32]
    assert sorted(set(split(table(40), kind="group", column="group", test=0.3).test["group"])) == [
        "g10",
        "g12",
        "g13",
        "g15",
        "g8",
    ]
    balanced = split(table(170), kind="stratified-group", column="class", group="group", test=0.3)
    assert sorted(set(balanced.test["group"])) == ["g1", "g13", "g2", "g6", "g9"]


# Stable under other rows


def parts_of(splits) -> dict[int, str]:
    return {row: name for name in ("train", "validation", "test") for row in getattr(splits, name)["id"]}


@settings(deadline=None, max_examples=50)
@given(
    kind=st.sampled_from(sorted(KEYED)),
    seed=st.integers(0, 5),
    removed=st.sets(st.integers(0, 299), max_size=40),
    added=st.integers(0, 60),
    order=st.randoms(use_true_random=False),
)
def test_no_row_moves_when_others_come_go_or_change_places(kind, seed, removed, added, order):
    before = table(360).with_columns(group="id")
    rows = [row for row in range(300) if row not in removed] + list(range(300, 300 + added))
    order.shuffle(rows)

    first = parts_of(split(before[:300], kind=kind, test=0.3, validation=0.2, seed=seed, **KEYED[kind]))
    second = parts_of(split(before[rows], kind=kind, test=0.3, validation=0.2, seed=seed, **KEYED[kind]))

    assert {row: first[row] for row in rows if row in first} == {row: second[row] for row in rows if row in first}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_has_no_say_in_balanced_groups(seed, order):
    frame = table(200)
    rows = list(range(200))
    order.shuffle(rows)

    first, second = (
        parts_of(split(each, kind="stratified-group", test=0.3, seed=seed, **WAYS["stratified-group"]))
        for each in (frame, frame[rows])
    )

    assert first == second


def test_rows_of_one_key_stay_together():
    frame = table(300).with_columns(key=pl.col("id") // 3)

    splits = split(frame, kind="random", key="key", test=0.3, validation=0.2)

    keys = [set(part["key"]) for part in (splits.train, splits.validation, splits.test)]
    assert sum(map(len, keys)) == len(set.union(*keys)) == 100


def test_a_key_of_several_columns_is_their_values_in_order():
    frame = table(300).with_columns(a=pl.col("id") % 10, b=pl.col("id") // 10)

    one, again, other = (split(frame, kind="random", key=key, test=0.3) for key in (["a", "b"], ("a", "b"), ["b", "a"]))

    assert one.test.equals(again.test)
    assert not one.test.equals(other.test)
    assert one.to_dict()["key"] == ["a", "b"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["random", "stratified"])
def test_fractions_by_key_lie_within_the_stated_bound(kind, seed):
    rows = 3000

    splits = split(table(rows), kind=kind, test=0.2, validation=0.1, seed=seed, **KEYED[kind])

    for part, fraction in ((splits.test, 0.2), (splits.validation, 0.1)):
        for count, of in ((part.height, rows), *((part.filter(**{"class": "a"}).height, rows // 3),)):
            assert abs(count / of - fraction) <= 4 * (fraction * (1 - fraction) / of) ** 0.5


def test_a_class_that_the_hash_leaves_out_of_a_part_is_named():
    frame = pl.DataFrame({"id": range(20), "class": ["a"] * 17 + ["b"] * 3})

    with pytest.raises(InvalidDataError, match=r"3 rows of class 'b' of class the hash of id leaves a part") as caught:
        split(frame, kind="stratified", column="class", key="id", test=0.05)

    assert caught.value.context == {"column": "class", "class": "b", "count": 3}


def test_a_missing_key_is_an_error_and_a_missing_value_elsewhere_none():
    frame = table(60).with_columns(id=pl.when(pl.col("id") > 1).then("id"))

    with pytest.raises(InvalidDataError, match="column id is missing in 2 of 60 rows"):
        split(frame, kind="random", key="id", test=0.3)
    assert split(frame, kind="random", column="id", test=0.3).test.height == 18


def test_a_class_in_fewer_groups_than_parts_is_named():
    frame = pl.DataFrame({"class": ["a", "b", "b", "b"] * 3, "group": ["x", "y", "z", "w"] * 3})

    with pytest.raises(InvalidDataError, match=r"class 'a' of class has 1 group; a stratified-group split .* needs 2"):
        split(frame, kind="stratified-group", column="class", group="group", test=0.3)


# Tables of every kind


class Arrow:
    """What pandas and pyarrow offer."""

    def __init__(self, frame):
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self.frame.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("wrap", [pl.DataFrame.lazy, Dataset.scan, Arrow])
def test_any_table_is_parted_alike(wrap):
    frame = table(100)

    assert split(wrap(frame), kind="random", test=0.3).test.equals(split(frame, kind="random", test=0.3).test)


@pytest.mark.parametrize("given", [{"test": "0.2"}, {"test": None}, {"test": 0.2, "validation": True}])
def test_a_fraction_that_is_no_number_is_refused(given):
    with pytest.raises(ConfigurationError, match="no fraction of the rows"):
        split(table(100), kind="random", **given)


def test_what_is_no_table_is_refused():
    with pytest.raises(UsageError, match="list is no table"):
        split([1, 2, 3], kind="random", test=0.3)


@pytest.mark.parametrize("kind", sorted(WAYS))
def test_the_table_and_the_global_generator_stay_as_they_are(kind):
    frame = table(200)
    copy = frame.clone()
    state = np.random.get_state()[1].tolist()

    split(frame, kind=kind, test=0.3, **WAYS[kind])

    assert frame.equals(copy)
    assert np.random.get_state()[1].tolist() == state
