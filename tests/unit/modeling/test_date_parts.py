from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing import date_parts

PARTS = ["year", "quarter", "month", "day", "ordinal_day", "weekday", "weekend", "hour", "minute", "second"]


@settings(deadline=None, max_examples=30)
@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_parts_are_those_of_the_calendar(when):
    (parts,) = date_parts(pl.DataFrame({"t": [when]}), parts=PARTS)

    expected = [when.year, (when.month + 2) // 3, when.month, when.day, when.timetuple().tm_yday, when.isoweekday()]
    assert [*expected, when.isoweekday() >= 6, when.hour, when.minute, when.second] == list(parts.row(0))
    assert [f"t_{part}" for part in PARTS] == parts.columns


@settings(deadline=None, max_examples=30)
@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 1, 1)))
def test_a_cycle_closes(day):
    days = [day, day + timedelta(days=1), day + timedelta(days=2)]

    (turned,) = date_parts(pl.DataFrame({"d": days}), how="cyclic", parts=["weekday", "ordinal_day"])

    for part, length in (("weekday", 7), ("ordinal_day", 365)):
        sine, cosine = turned[f"d_{part}_sin"].to_numpy(), turned[f"d_{part}_cos"].to_numpy()
        np.testing.assert_allclose(1, sine**2 + cosine**2, rtol=1e-12)
        steps = np.hypot(np.diff(sine), np.diff(cosine))
        np.testing.assert_allclose(2 * np.sin(np.pi / length), steps, rtol=0.02 if length > 7 else 1e-9)


@pytest.mark.parametrize(("year", "days"), [(2023, 365), (2024, 366)])
def test_a_year_begins_at_the_top_of_its_circle_and_ends_one_day_before(year, days):
    frame = pl.DataFrame({"d": [date(year, 1, 1), date(year, 12, 31)]})

    (turned,) = date_parts(frame, how="cyclic", parts=["ordinal_day"])

    assert (0.0, 1.0) == turned.row(0)
    np.testing.assert_allclose(turned.row(1), (-np.sin(2 * np.pi / days), np.cos(2 * np.pi / days)), rtol=1e-9)


def test_what_does_not_come_again_stays_a_plain_number():
    (parts,) = date_parts(
        pl.DataFrame({"d": [date(2024, 6, 1)]}), how="cyclic", parts=["year", "weekend", "elapsed_days", "month"]
    )

    assert ["d_year", "d_weekend", "d_elapsed_days", "d_month_sin", "d_month_cos"] == parts.columns
    assert (2024.0, 1.0, 0.0) == parts.row(0)[:3]


def test_a_date_is_taken_apart_into_less_than_a_time():
    frame = pl.DataFrame({"n": [1], "d": [date(2024, 2, 29)], "t": [datetime(2024, 2, 29, 13)]})

    (parts,) = date_parts(frame)

    of_date = ["year", "month", "day", "weekday"]
    assert ["n", *(f"d_{part}" for part in of_date), *(f"t_{part}" for part in [*of_date, "hour"])] == parts.columns
    assert (1, 2024.0, 2.0, 29.0, 4.0, 2024.0, 2.0, 29.0, 4.0, 13.0) == parts.row(0)


def test_elapsed_days_begin_with_the_earliest_training_row():
    train = pl.DataFrame({"t": [datetime(2024, 1, 2), datetime(2024, 1, 1), None]})
    test = pl.DataFrame({"t": [datetime(2023, 12, 31, 12), None]})

    first, second = date_parts(train, test, parts=["elapsed_days"])

    assert [1.0, 0.0, None] == first["t_elapsed_days"].to_list()
    assert [-0.5, None] == second["t_elapsed_days"].to_list()


def test_a_column_missing_everywhere_has_missing_parts():
    train = pl.DataFrame({"t": [None]}, schema={"t": pl.Datetime})

    _, test = date_parts(train, pl.DataFrame({"t": [datetime(2024, 1, 1)]}), parts=["elapsed_days", "year"])

    assert [(None, 2024.0)] == test.rows()


def test_the_clock_is_that_of_the_columns_own_zone():
    frame = pl.DataFrame({"t": [datetime(2024, 1, 1, 23, 30, tzinfo=UTC)]})
    berlin = frame.with_columns(pl.col("t").dt.convert_time_zone("Europe/Berlin"))

    assert [(1.0, 23.0)] == date_parts(frame, parts=["day", "hour"])[0].rows()
    assert [(2.0, 0.0)] == date_parts(berlin, parts=["day", "hour"])[0].rows()


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us", "ns"])
def test_arrays_of_any_unit_are_taken_apart(unit):
    train = np.array([["2024-02-29"], ["NaT"]], dtype=f"datetime64[{unit}]")

    (parts,) = date_parts(train, parts=["year", "month", "day", "weekday"])

    np.testing.assert_array_equal([[2024, 2, 29, 4], [np.nan] * 4], parts)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ([date(2024, 1, 1)], [datetime(2024, 1, 1)]),
        ([datetime(2024, 1, 1)], [datetime(2024, 1, 1, tzinfo=UTC)]),
    ],
)
def test_what_was_another_kind_of_time_in_training_is_refused(train, test):
    with pytest.raises(InvalidDataError, match=r"column 't' is a time(| UTC) here and was a (date|time) in training"):
        date_parts(pl.DataFrame({"t": train}), pl.DataFrame({"t": test}))


@pytest.mark.parametrize(
    ("part", "how", "words"),
    [
        (pl.DataFrame({"t": ["2024-01-01"]}), {"columns": ["t"]}, "neither a date nor a time"),
        (np.array([["2024-01-01"]]), {}, "neither a date nor a time"),
        (np.array([[1.0]]), {}, "neither a date nor a time"),
    ],
)
def test_only_dates_and_times_have_parts(part, how, words):
    with pytest.raises(InvalidDataError, match=words):
        date_parts(part, **how)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"how": "sine"}, "'sine'"),
        ({"parts": ["years"]}, "the part of a date is 'years'"),
        ({"parts": ["year", "hour"]}, "column 'd' holds dates, which have no hour"),
    ],
)
def test_parts_that_do_not_exist_are_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        date_parts(pl.DataFrame({"d": [date(2024, 1, 1)]}), **how)
