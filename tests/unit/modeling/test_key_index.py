from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.modeling import Join, apply_joins, lookup_table
from groundwork.modeling._key_index import KeyIndex

JOIN = Join(name="w", on=("town", "day"), columns=("rain", "wind"))
towns = st.none() | st.sampled_from("ABC")
days = st.none() | st.integers(0, 3)
SCHEMA = {"town": pl.String, "day": pl.Int64}


def index_of(table, join=JOIN):
    return KeyIndex(lookup_table(table, join), join)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(towns, days), max_size=20), st.lists(st.tuples(towns, days), max_size=10))
def test_it_finds_what_the_join_finds(known, asked):
    numbers = pl.Series("rain", [row if row % 3 else None for row in range(len(known))], dtype=pl.Int32)
    wide = pl.DataFrame(known, schema=SCHEMA, orient="row").with_columns(numbers, wind=pl.lit("w"))
    table, frame = lookup_table(wide, JOIN), pl.DataFrame(asked, schema=SCHEMA, orient="row")
    by_join = apply_joins(frame, [JOIN], {"w": table})

    by_index = apply_joins(frame, [JOIN], {"w": table}, indexes={"w": KeyIndex(table, JOIN)})

    assert by_index.equals(by_join)
    assert by_index.schema == by_join.schema


@pytest.mark.parametrize(
    ("keys", "dtype"),
    [
        ([1.5, float("nan")], pl.Float64),
        ([datetime(2024, 1, 1)], pl.Datetime("ns")),
        ([[1]], pl.List(pl.Int64)),
    ],
)
def test_keys_that_a_dict_compares_in_another_way_are_left_to_the_join(keys, dtype):
    table = pl.DataFrame({"k": pl.Series(keys, dtype=dtype), "v": range(len(keys))})

    assert index_of(table, Join(name="w", on=("k",), columns=("v",))).look_up(table.select("k")) is None


@pytest.mark.parametrize(
    "key", [7, True, "seven", date(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)]
)
def test_plain_keys_are_found(key):
    table = pl.DataFrame({"k": [key], "v": [1.5]})

    found = index_of(table, Join(name="w", on=("k",), columns=("v",))).look_up(table.select("k"))

    assert found.rows() == [(1.5,)]


def test_many_rows_and_keys_of_another_dtype_are_left_to_the_join():
    table = pl.DataFrame({"town": ["A"], "day": [1], "rain": [1.0], "wind": [2]})
    one = table.select("town", "day")

    assert index_of(table).look_up(pl.concat([one] * 65)) is None
    assert index_of(table).look_up(one.cast({"day": pl.Int8})) is None
    assert index_of(table).look_up(pl.concat([one] * 64)).height == 64
