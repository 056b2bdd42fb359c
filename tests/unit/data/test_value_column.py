"""A column holds every value as it is, whatever their order."""

import datetime as dt
from decimal import Decimal
from itertools import permutations
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._value_column import value_column
from groundwork.errors import InvalidDataError

UTC = dt.UTC
BERLIN = ZoneInfo("Europe/Berlin")
DAY = dt.datetime(2020, 1, 1)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], pl.Int64),
        ([1, 2**63], pl.UInt64),
        ([-1, 2**63], pl.Int128),
        ([np.int8(1), 300], pl.Int64),
        ([np.int8(1), np.int8(2)], pl.Int8),
        ([1, 0.5], pl.Float64),
        ([np.float32(0.1), 0.1], pl.Float64),
        ([np.float64(0.1), 3], pl.Float64),
        ([np.float32(0.5), np.float32(1)], pl.Float32),
        ([np.bool_(True), False], pl.Boolean),
        ([b"x", b"y"], pl.Binary),
        ([Decimal("1.5"), Decimal("1.555")], pl.Decimal(38, 3)),
        ([dt.date(2020, 1, 1), None], pl.Date),
        ([dt.timedelta(1), dt.timedelta(2)], pl.Duration("us")),
        ([DAY, DAY], pl.Datetime("us")),
        ([DAY.replace(tzinfo=UTC), DAY.replace(tzinfo=BERLIN)], pl.Datetime("us", "UTC")),
        ([[1], [0.5]], pl.List(pl.Float64)),
        ([(1,), [2], None], pl.List(pl.Int64)),
        ([[None], []], pl.List(pl.Null)),
        ([{"a": 1}, {"a": 0.5}], pl.Struct({"a": pl.Float64})),
        ([MappingProxyType({"a": 1}), {"a": None}], pl.Struct({"a": pl.Int64})),
        ([np.array([1]), np.array([2])], pl.Array(pl.Int64, 1)),
    ],
)
def test_a_type_holds_all_values_in_any_order(values, dtype):
    columns = [value_column("a", list(order), 1) for order in permutations(values)]

    assert [column.dtype for column in columns] == [dtype] * len(columns)
    assert [column.to_list() for column in columns] == [
        pl.Series("a", list(order), dtype).to_list() for order in permutations(values)
    ]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.5, 2**53 + 1], ["0.5", "9007199254740993"]),
        ([2, True], ["2", "true"]),
        ([2.5, True], ["2.5", "true"]),
        ([2, np.bool_(True)], ["2", "true"]),
        ([0.1, Decimal("1.55")], ["0.1", "1.55"]),
        ([dt.date(2020, 1, 1), DAY], ["2020-01-01", "2020-01-01T00:00:00"]),
        ([DAY, DAY.replace(tzinfo=UTC)], ["2020-01-01T00:00:00", "2020-01-01T00:00:00+00:00"]),
        ([[1], [True]], ["[1]", "[true]"]),
        ([["x"], [1]], ['["x"]', "[1]"]),
        ([[0.5], [2**53 + 1]], ["[0.5]", "[9007199254740993]"]),
        ([{"a": 1}, {"a": True}], ['{"a": 1}', '{"a": true}']),
        ([{"a": 1}, {1: 2}], ['{"a": 1}', '{"1": 2}']),
        ([2**200, 1], [str(2**200), "1"]),
    ],
)
def test_what_no_type_holds_is_text_in_any_order(values, texts):
    told = dict(zip(map(repr, values), texts, strict=True))

    columns = [(order, value_column("a", list(order), 1)) for order in permutations(values)]

    assert [column.dtype for _, column in columns] == [pl.String] * len(columns)
    assert [column.to_list() for _, column in columns] == [
        [told[repr(value)] for value in order] for order, _ in columns
    ]


def test_mappings_of_other_keys_lose_none_of_them():
    column = value_column("a", [{"a": 1}, {"b": 2}, None], 1)

    assert column.to_list() == [{"a": 1, "b": None}, {"a": None, "b": 2}, None]


def test_mappings_in_lists_lose_no_key():
    column = value_column("a", [[{"a": 1}], [{"b": 2}, None], []], 1)

    assert column.to_list() == [[{"a": 1, "b": None}], [{"a": None, "b": 2}, None], []]


@pytest.mark.parametrize("value", [object(), {1, 2}], ids=["object", "set"])
def test_what_no_column_holds_is_named_with_its_row(value):
    with pytest.raises(InvalidDataError, match=r"iterable: row 8, column a: .*, which no column holds"):
        value_column("a", [None, value], 7)


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=3)
)
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner), max_leaves=6
)


@given(st.lists(nested, max_size=5), st.randoms())
@settings(deadline=None, max_examples=50)
def test_the_order_of_values_decides_nothing(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)

    one, two = value_column("a", values, 1), value_column("a", shuffled, 1)

    assert _sorted_fields(one.dtype) == _sorted_fields(two.dtype)


def _sorted_fields(dtype: pl.DataType) -> object:
    if isinstance(dtype, pl.Struct):
        return sorted((field.name, str(_sorted_fields(field.dtype))) for field in dtype.fields)
    if isinstance(dtype, pl.List):
        return ["list", _sorted_fields(dtype.inner)]
    return str(dtype)
