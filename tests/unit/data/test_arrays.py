"""numpy's arrays as tables, and back."""

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset
from groundwork.errors import InvalidDataError, UsageError


def test_an_array_of_two_dimensions_takes_names():
    array = np.arange(6).reshape(3, 2)

    frame = Dataset.scan(array, names=["a", "b"]).collect()

    assert frame.to_dict(as_series=False) == {"a": [0, 2, 4], "b": [1, 3, 5]}


def test_a_structured_array_has_names():
    array = np.array([(1, 2.5, "x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")])

    frame = Dataset.scan(array).collect()

    assert frame.schema == {"a": pl.Int32, "b": pl.Float64, "c": pl.String}
    assert frame.rows() == [(1, 2.5, "x")]


def test_a_mapping_of_columns_may_mix_arrays_lists_and_series():
    columns = {
        "masked": np.ma.array([1, 2, 3], mask=[False, True, False]),
        "day": np.array(["2020-01-01"] * 3, dtype="M8[D]"),
        "list": ["x", None, "z"],
        "series": pl.Series([True, None, False]),
        "other endian": np.arange(3, dtype=">i4"),
        "strided": np.arange(6)[::2],
    }

    frame = Dataset.scan(columns).collect()

    assert frame["masked"].to_list() == [1, None, 3]
    assert frame["day"].to_list() == [datetime.date(2020, 1, 1)] * 3
    assert frame["list"].to_list() == ["x", None, "z"]
    assert frame["series"].to_list() == [True, None, False]
    assert frame["other endian"].to_list() == [0, 1, 2]
    assert frame["strided"].to_list() == [0, 2, 4]


def test_what_is_scanned_is_not_changed():
    array = np.ma.array([[1, 2]], mask=[[True, False]])

    Dataset.scan(array, names=["a", "b"], null_values=["x"]).collect()

    assert array.tolist() == [[None, 2]]


@pytest.mark.parametrize(
    ("array", "names", "message"),
    [
        (np.zeros((2, 2)), None, "the array has 2 columns and no names"),
        (np.zeros((2, 2)), ["a"], "the array has 2 columns and 1 names"),
        (np.zeros((2, 2)), ["a", "a"], "hold a name twice"),
        (np.zeros(2), None, "an array of 1 dimension is no table"),
        (np.zeros((2, 2, 2)), None, "an array of 3 dimensions is no table"),
        (np.zeros((2, 2), dtype=[("a", "i4")]), None, "a structured array has one dimension, not 2"),
    ],
)
def test_an_array_that_is_no_table_says_why(array, names, message):
    with pytest.raises(UsageError, match=message):
        Dataset.scan(array, names=names)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1, 2], "b": [1]}, "the columns differ in length: a 2, b 1"),
        ({"a": np.arange(2) * 1j}, "column a"),
        ({"a": object()}, "column a: object is no column"),
        ({1: [1]}, "the column name 1 is no text"),
        ({"a": [1, "x"]}, "column a: list is no column"),
    ],
)
def test_columns_that_are_no_table_say_why(columns, message):
    with pytest.raises(InvalidDataError, match=message):
        Dataset.scan(columns)


def test_names_and_members_belong_to_their_kind():
    with pytest.raises(UsageError, match="names= is for an array"):
        Dataset.scan(pl.DataFrame(), names=["a"])
    with pytest.raises(UsageError, match="member='m' is for files"):
        Dataset.scan(pl.DataFrame(), member="m")
    with pytest.raises(UsageError, match="bytes are no table"):
        Dataset.scan(b"a,b\n")


FRAME = pl.DataFrame({"i": [1, None], "f": [0.5, None], "b": [True, None]})


def test_a_matrix_has_the_type_that_holds_all_columns_and_nan_where_missing():
    whole = Dataset.scan({"a": [1, 2], "b": [3, 4]}).to_numpy()
    mixed = Dataset.scan(FRAME).to_numpy()

    assert (whole.dtype, whole.tolist()) == (np.int64, [[1, 3], [2, 4]])
    np.testing.assert_array_equal(mixed, [[1.0, 0.5, 1.0], [np.nan] * 3])
    assert Dataset.scan([]).to_numpy().shape == (0, 0)


def test_columns_keep_each_their_type():
    arrays = Dataset.scan({"a": [1, 2], "s": ["x", None], "b": [True, False]}).to_numpy(layout="columns")

    assert {name: array.tolist() for name, array in arrays.items()} == {
        "a": [1, 2],
        "s": ["x", None],
        "b": [True, False],
    }
    assert arrays["b"].dtype == bool


def test_a_structured_array_comes_back_as_it_went():
    array = np.array([(1, 2.5), (2, -1.0)], dtype=[("a", "i8"), ("b", "f8")])

    back = Dataset.scan(array).to_numpy(layout="structured")

    assert back.dtype.names == ("a", "b")
    assert back.tolist() == array.tolist()


@pytest.mark.parametrize(
    ("columns", "layout", "error", "message"),
    [
        ({"a": ["x"]}, "matrix", UsageError, r"a \(String\): no numbers"),
        (
            {"a": [2**53 + 1, None]},
            "columns",
            InvalidDataError,
            "column a has missing values and 9,007,199,254,740,993",
        ),
        ({"a": [-(2**63), None]}, "columns", InvalidDataError, "column a has missing values"),
        ({"a": [2**53 + 1], "b": [0.5]}, "matrix", InvalidDataError, "column a holds whole numbers beyond"),
        ({"a": [1]}, "cube", UsageError, "layout 'cube' is not known"),
    ],
)
def test_what_an_array_cannot_hold_is_refused(columns, layout, error, message):
    with pytest.raises(error, match=message):
        Dataset.scan(columns).to_numpy(layout=layout)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=4)), max_size=20))
def test_columns_come_back_as_they_went(rows):
    columns = {name: [row[at] for row in rows] for at, name in enumerate("ifs")}
    frame = pl.DataFrame(columns, schema={"i": pl.Int64, "f": pl.Float64, "s": pl.String})

    back = Dataset.scan(Dataset.scan(frame).to_numpy(layout="columns")).collect()

    # Of no values nothing tells the type.
    assert back.equals(frame) if rows else (0, frame.columns) == (back.height, back.columns)
