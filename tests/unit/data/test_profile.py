"""Profiles: true numbers, all of them JSON."""

import datetime
import json
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import profile


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.none(), st.floats(width=64)), max_size=30))
def test_any_numbers_give_json_that_adds_up(values):
    (column,) = profile(pl.DataFrame({"a": pl.Series(values, dtype=pl.Float64)})).columns

    json.dumps(column.to_dict(), allow_nan=False)
    known = [value for value in values if value is not None and not math.isnan(value)]
    finite = [value for value in known if math.isfinite(value)]
    assert column.missing == len(values) - len(known)
    assert column.distinct == len(set(known))
    assert column.histogram is None or sum(column.histogram["counts"]) == len(finite)


def test_numbers_are_described():
    (column,) = profile(pl.DataFrame({"a": [1, 2, 2, 5, None]})).columns

    assert (column.minimum, column.maximum, column.missing, column.distinct) == (1, 5, 1, 3)
    assert (column.mean, column.std) == (2.5, pytest.approx(3**0.5))
    assert column.quantiles["0.5"] == 2.0
    assert column.top == [(2, 2), (1, 1), (5, 1)]
    assert (len(column.histogram["edges"]), column.histogram["counts"][0]) == (21, 1)


def test_texts_dates_and_flags_are_described():
    moment = datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)
    frame = pl.DataFrame({"s": ["b", "a", "b"], "t": [moment] * 3, "f": [True, None, False]})
    frame = frame.with_columns(c=pl.col("s").cast(pl.Categorical))

    text, time, flag, category = profile(frame).columns

    assert (text.minimum, text.maximum, text.top) == ("a", "b", [("b", 2), ("a", 1)])
    assert (time.minimum, time.histogram) == ("2013-01-01T00:00:00+00:00", None)
    assert (flag.top, flag.missing) == ([(False, 1), (True, 1)], 1)
    assert (category.minimum, category.maximum) == ("a", "b")


def test_empty_and_nested_columns_have_nothing_to_tell():
    frame = pl.DataFrame({"e": pl.Series([], dtype=pl.Int64), "l": pl.Series([], dtype=pl.List(pl.Int64))})

    result = profile(frame).to_dict()

    assert result["rows"] == 0
    assert [column["minimum"] for column in result["columns"]] == [None, None]
    assert [column["top"] for column in result["columns"]] == [[], None]


def test_odd_values_are_text():
    (column,) = profile(pl.DataFrame({"u": [datetime.timedelta(hours=1)]})).columns

    assert column.minimum == "1:00:00"
