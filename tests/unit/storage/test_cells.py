"""Cells of any type brought to a declared type."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from groundwork.storage import cast_column, misfits

HALF = dt.datetime(2013, 1, 31, 6, 0, 0, 500_000)
UTC = pl.Datetime("us", "UTC")


@pytest.mark.parametrize(
    ("text", "dtype", "value"),
    [
        ("+7", pl.Int64(), 7),
        ("1.5e3", pl.Float64(), 1500.0),
        ("inf", pl.Float64(), float("inf")),
        ("True", pl.Boolean(), True),
        ("0", pl.Boolean(), False),
        ("2013-01-31", pl.Date(), dt.date(2013, 1, 31)),
        ("2013-01-31", pl.Datetime("us"), dt.datetime(2013, 1, 31)),
        ("2013-01-31T06:00", pl.Datetime("us"), dt.datetime(2013, 1, 31, 6)),
        ("2013-01-31 06:00:00.5", pl.Datetime("us"), HALF),
        ("2013-01-31T06:00Z", UTC, dt.datetime(2013, 1, 31, 6, tzinfo=dt.UTC)),
        ("2013-01-31T06:00:00.5z", UTC, HALF.replace(tzinfo=dt.UTC)),
        ("2013-01-31 08:00:00.5+02:00", UTC, HALF.replace(tzinfo=dt.UTC)),
        ("2013-01-31T06:00:00Z", pl.Datetime("us", "Asia/Tokyo"), dt.datetime(2013, 1, 31, 6, tzinfo=dt.UTC)),
        ("1.2500", pl.Decimal(10, 2), Decimal("1.25")),
        ("9007199254740994", pl.Float64(), 2.0**53 + 2),
        ("1e22", pl.Float64(), 1e22),
        ("-inf", pl.Float32(), float("-inf")),
        ("2013-01-31T06:00:00.5000000", pl.Datetime("us"), HALF),
        ("06:00:00.5", pl.Time(), HALF.time()),
        ("06:00:00", pl.Time(), dt.time(6)),
        ("", pl.String(), ""),
        (" a", pl.String(), " a"),
    ],
)
def test_text_that_fits_is_read(text, dtype, value):
    values = cast_column(pl.Series([text]), dtype)

    assert (values.dtype, values.item()) == (dtype, value)


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        (" 1", pl.Int64()),
        ("1 ", pl.Float64()),
        ("1.0", pl.Int64()),
        ("1e3", pl.Int64()),
        ("300", pl.Int8()),
        ("-1", pl.UInt8()),
        ("yes", pl.Boolean()),
        (" true", pl.Boolean()),
        ("2013-02-30", pl.Date()),
        ("2013-01-31T06:00:00", pl.Date()),
        ("2013-01-31T06:00:00Z", pl.Datetime("us")),
        ("2013-01-31T06:00:00+02:00", pl.Datetime("us")),
        ("2013-01-31T06:00:00", UTC),
        ("2013-01-31", UTC),
        ("NA", pl.Float64()),
        (" ", pl.Int64()),
        ("1.25", pl.Decimal(10, 1)),
        ("1e-2", pl.Decimal(10, 1)),
        ("1e400", pl.Float64()),
        ("-1e39", pl.Float32()),
        ("9007199254740993", pl.Float64()),
        ("-16777217", pl.Float32()),
        ("1" * 50, pl.Float64()),
        ("2013-01-31T06:00:00.1234567", pl.Datetime("us")),
        ("06:00:00.1234567891", pl.Time()),
        ("25:00:00", pl.Time()),
        ("2013-01-31T06:00:00.1234Z", pl.Datetime("ms", "UTC")),
    ],
)
def test_text_that_does_not_fit_is_a_misfit(text, dtype):
    cells = pl.Series([None, text, ""], dtype=pl.String)

    values = cast_column(cells, dtype)

    assert (values.dtype, values.null_count()) == (dtype, 3)
    assert misfits(cells, values).to_list() == [False, True, False]


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (pl.Series([1.0, 2.5]), pl.Int64()),
        (pl.Series([1.0, float("nan")]), pl.Int64()),
        (pl.Series([Decimal("1.0"), Decimal("2.5")]), pl.Int64()),
        (pl.Series([1, 300]), pl.Int8()),
        (pl.Series([1.0, 1.5]), pl.Decimal(5, 0)),
        (pl.Series([Decimal("1.0"), Decimal("1.5")]), pl.Decimal(5, 0)),
        (pl.Series([1, 2**53 + 1]), pl.Float64()),
        (pl.Series([1.0, 1e39]), pl.Float32()),
        (pl.Series([1, 2]), pl.Boolean()),
    ],
)
def test_a_number_that_does_not_fit_is_a_misfit_and_never_rounded(cells, dtype):
    values = cast_column(cells, dtype)

    assert values.to_list() == [1, None]
    assert misfits(cells, values).to_list() == [False, True]


@pytest.mark.parametrize(
    "cells", [pl.Series([[1]]), pl.Series([{"a": 1}]), pl.Series([b"1"])], ids=["list", "struct", "bytes"]
)
def test_what_is_no_value_at_all_fits_no_type(cells):
    values = cast_column(cells, pl.Int64())

    assert (values.dtype, values.to_list()) == (pl.Int64(), [None])
    assert misfits(cells, values).to_list() == [True]


@pytest.mark.parametrize("dtype", [pl.Date(), pl.Datetime("ms")])
def test_a_time_that_would_be_cut_is_a_misfit(dtype):
    cells = pl.Series([dt.datetime(2013, 1, 31), dt.datetime(2013, 1, 31, 6, 0, 0, 1)])

    assert [False, True] == cast_column(cells, dtype).is_null().to_list()


@pytest.mark.parametrize("value", [0.1, float("nan"), float("inf"), None])
def test_a_float_may_become_a_shorter_one(value):
    cells = pl.Series([value], dtype=pl.Float64)

    assert [value is None] == cast_column(cells, pl.Float32()).is_null().to_list()
