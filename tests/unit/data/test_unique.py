"""Repeated keys: found across batches, of every type."""

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import _unique
from groundwork.data._unique import SeenKeys

MOMENT = datetime.datetime(2013, 1, 1)


def expected(rows):
    seen, marks = set(), []
    for row in rows:
        known = None not in row
        marks.append(known and row in seen)
        seen.add(row)
    return marks


def found(frame, size):
    seen = SeenKeys(frame.columns)
    marks = []
    for piece in frame.iter_slices(size):
        repeated = seen.repeated(piece)
        marks += [False] * piece.height if repeated is None else repeated.to_list()
    return marks


COLUMNS = {
    "whole": (pl.Int64, st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)),
    "small": (pl.Int8, st.integers(-128, 127)),
    "large": (pl.UInt64, st.integers(2**63, 2**63 + 3)),
    "huge": (pl.Int128, st.integers(2**70, 2**70 + 3)),
    "text": (pl.String, st.sampled_from(["", "a", "b", "ab", "é"])),
    "truth": (pl.Boolean, st.booleans()),
    "day": (pl.Date, st.dates(datetime.date(2013, 1, 1), datetime.date(2013, 1, 9))),
    "moment": (pl.Datetime("us"), st.datetimes(MOMENT, MOMENT + datetime.timedelta(microseconds=9))),
    "class": (pl.Categorical(), st.sampled_from(["a", "b", "c"])),
    "fraction": (pl.Float64, st.sampled_from([1.5, -2.0, float("inf"), 7.25])),
}


@pytest.mark.parametrize("kind", COLUMNS)
@settings(deadline=None, max_examples=30)
@given(data=st.data(), size=st.integers(1, 9))
def test_a_key_repeats_as_in_a_set(kind, data, size):
    dtype, values = COLUMNS[kind]
    column = data.draw(st.lists(st.none() | values, max_size=40))
    frame = pl.DataFrame({"a": pl.Series(column, dtype=dtype)})

    assert found(frame, size) == expected([(value,) for value in column])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 2) | st.none(), st.sampled_from(["a", "b", None])), max_size=40),
    st.integers(1, 9),
)
def test_a_key_of_two_columns_repeats_as_in_a_set(rows, size):
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.String}, orient="row")

    assert found(frame, size) == expected(rows)


def test_there_is_one_nan_and_one_zero():
    frame = pl.DataFrame({"a": [0.0, -0.0, float("nan"), -float("nan")]})

    assert [found(frame, size) for size in (1, 2, 4)] == [[False, True, False, True]] * 3
    assert found(frame.with_columns(b=1), 4) == [False, True, False, True]


def test_first_halves_that_agree_by_chance_are_told_apart(monkeypatch):
    halves = _unique._bits

    def colliding(keys):
        return np.zeros(keys.height, np.uint64), halves(keys)[1]

    monkeypatch.setattr(_unique, "_bits", colliding)
    words = ["a", "b", "a", "c", "b", "d", "d"]

    assert [found(pl.DataFrame({"a": words}), size) for size in (1, 2, 7)] == [expected([(w,) for w in words])] * 3


def test_keys_that_increase_take_eight_bytes_each():
    seen = SeenKeys(["a"])

    for start in range(0, 10_000, 1000):
        assert seen.repeated(pl.DataFrame({"a": range(start, start + 1000)})) is None

    assert sum(run.first.nbytes for run in seen._runs) == 80_000
    assert seen.repeated(pl.DataFrame({"a": [5, 10_000]})).to_list() == [True, False]
    assert seen.repeated(pl.DataFrame({"a": [None, None]}, schema={"a": pl.Int64})) is None


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
@pytest.mark.parametrize("columns", [["a"], ["a", "b"]])
def test_a_zero_of_either_sign_repeats_the_other_across_batches(dtype, columns):
    seen = SeenKeys(columns)
    # polars adds 0.0 to a single value, and leaves the sum out where there are more.
    first, second = (
        pl.DataFrame({"a": pl.Series([zero, other], dtype=dtype), "b": [1, 1]})
        for zero, other in ((0.0, 1.0), (-0.0, 2.0))
    )

    found = [seen.repeated(first), seen.repeated(second)]

    assert found[0] is None
    assert found[1].to_list() == [True, False]
