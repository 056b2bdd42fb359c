"""Places: fixed for ever, whatever type carries the value."""

import datetime
import decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data._split_places import places
from groundwork.errors import InvalidDataError

NEW_YEAR = datetime.datetime(2013, 1, 1, 5, tzinfo=datetime.UTC)


def place(values, seed=0, **options) -> list[float]:
    return places(pl.DataFrame({"key": pl.Series(values, **options)}), ["key"], seed).tolist()


def test_places_never_change_between_versions_and_machines():
    assert place([0, 7, 2**40]) == [0.9611675505049015, 0.5153895874885954, 0.3691656186726845]
    two = pl.DataFrame({"text": ["\u03b1", "x"], "number": [1, 2]})
    assert places(two, ["text", "number"], 3).tolist() == [0.7388288287258652, 0.14970249562658433]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.Series([7]), pl.Series(["7"])),
        (pl.Series([7], dtype=pl.Int8), pl.Series([7], dtype=pl.UInt64)),
        (pl.Series([7]), pl.Series([7.0])),
        (pl.Series([-0.0]), pl.Series([0])),
        (pl.Series(["a"]), pl.Series(["a"], dtype=pl.Categorical)),
        (pl.Series(["a"]), pl.Series(["a"], dtype=pl.Enum(["b", "a"]))),
        (pl.Series([True]), pl.Series(["true"])),
        (pl.Series([datetime.date(2013, 1, 1)]), pl.Series(["2013-01-01"])),
        (pl.Series([NEW_YEAR]), pl.Series([NEW_YEAR]).dt.convert_time_zone("Asia/Tokyo")),
        (pl.Series([NEW_YEAR]), pl.Series([NEW_YEAR]).dt.cast_time_unit("ms")),
        (pl.Series([datetime.timedelta(1)]), pl.Series([datetime.timedelta(1)]).dt.cast_time_unit("ns")),
        (pl.Series([datetime.time(5)]), pl.Series([5 * 3600 * 10**9])),
        (pl.Series([decimal.Decimal("1.50")]), pl.Series(["1.50"])),
    ],
)
def test_equal_values_of_different_types_fall_alike(one, other):
    assert place(one) == place(other)


def test_floats_that_are_no_integers_have_places_of_their_own():
    found = place([0.1, 0.2, float("nan"), float("inf"), 2.0**60])

    assert len(set(found)) == 5


def test_several_columns_are_not_their_texts_joined():
    frame = pl.DataFrame({"one": ["a", "ab", "1:a"], "two": ["bc", "c", ""]})

    assert len(set(places(frame, ["one", "two"], 0).tolist())) == 3


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=5), min_size=1, max_size=20), st.integers(0, 9))
def test_a_place_depends_on_its_own_value_alone(values, seed):
    together = place(values, seed, dtype=pl.String)

    assert together == [place([value], seed, dtype=pl.String)[0] for value in values]
    assert all(0 <= each < 1 for each in together)


def test_nested_columns_are_no_keys():
    with pytest.raises(InvalidDataError, match=r"column key is List\(Int64\), which cannot be a key"):
        place([[1], [2]])
