import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from groundwork.errors import UsageError
from groundwork.testing import assert_close


def said(*values, **options):
    with pytest.raises(AssertionError) as caught:
        assert_close(*values, **options)
    return str(caught.value)


def test_a_difference_says_where_how_many_and_how_large():
    expected = np.arange(6.0).reshape(2, 3)
    actual = np.array([[0, 1.5, 2], [3, 4, 7]])

    lines = said(actual, expected).splitlines()

    assert [
        "2 of 6 values differ by more than rtol 1e-07, largest difference 2 at [1, 2]:",
        "  [0, 1]: 1.5 instead of 1.0",
        "  [1, 2]: 7.0 instead of 5.0",
    ] == lines


def test_of_many_differences_the_first_five_are_shown():
    lines = said(np.zeros(100), np.ones(100), what="weights").splitlines()

    assert lines[0].startswith("weights: 100 of 100 values differ")
    assert (7, "  ... and 95 more") == (len(lines), lines[-1])


def test_what_lies_within_the_tolerance_agrees():
    assert_close([1.0, 100.0], [1.05, 104.0], rtol=0.05)
    assert_close([0.0], [0.009], atol=0.01)
    assert said([0.0], [0.011], atol=0.01)


def test_whole_numbers_beyond_a_float_are_told_apart():
    assert "largest difference 1 " in said(np.array([2**62]), np.array([2**62 + 1]), rtol=0)
    assert said(np.array([0], np.uint64), np.array([2**64 - 1], np.uint64))


@pytest.mark.parametrize("other", [0.0, np.inf, 1e300])
def test_nan_and_infinity_agree_with_themselves_alone(other):
    assert_close([np.nan, np.inf, -np.inf], [np.nan, np.inf, -np.inf])

    assert said([np.nan], [other])
    assert said([-np.inf], [other])
    assert said([other], [-np.inf])
    assert said([np.nan], [np.nan], equal_nan=False)


def test_other_shapes_and_kinds_differ():
    assert "shape (2,) instead of (3,)" == said([1, 2], [1, 2, 3])
    assert "<U1 instead of int64" == said(["1"], [1])
    assert "1 of 2 values differ:\n  [1]: b instead of c" == said(["a", "b"], ["a", "c"])


def test_frames_say_the_column_and_the_row():
    expected = pl.DataFrame({"a": [1, None, 3], "b": ["x", "y", "z"], "c": [1.0, 2.0, 3.0]})
    actual = pl.DataFrame({"a": [1, None, 4], "b": ["x", "Y", "z"], "c": [1.0, None, 3.0]})

    assert_close(expected, expected.clone())
    told = said(actual, expected)

    assert "a: 1 of 2 values differ by more than rtol 1e-07, largest difference 1 at [2]:" in told
    assert "b: 1 of 3 values differ:\n  [1]: Y instead of y" in told
    assert "c: missing in one only: 1 of 3 values, first in rows 1" in told


def test_frames_of_another_form_differ():
    frame = pl.DataFrame({"a": [1], "b": [2]})

    assert "missing: b\nnot expected: c" == said(frame.rename({"b": "c"}), frame)
    assert "columns are in the order b, a instead of a, b" == said(frame.select("b", "a"), frame)
    assert "2 rows instead of 1" == said(pl.concat([frame, frame]), frame)
    assert "a: Float64 instead of Int64" == said(frame.with_columns(pl.col("a").cast(float)), frame)
    assert "s: 1 of 1 values differ" in said(pl.Series("s", [[1, 2]]), pl.Series("s", [[1, 3]]))


def test_mappings_are_compared_name_by_name():
    assert_close({"w": [1.0], "b": 0.0}, {"b": 0.0, "w": [1.0]})

    assert "missing: b" == said({"w": [1.0]}, {"w": [1.0], "b": 0.0})
    told = said(dict.fromkeys("cab", 1), dict.fromkeys("bca", 2)).splitlines()
    assert ["b", "c", "a"] == [line[0] for line in told if line[0] != " "]
    assert "layer.w: 1 of 1 values differ" in said({"layer": {"w": [1.0]}}, {"layer": {"w": [2.0]}})


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(UsageError, match="rtol -1"):
        assert_close([1], [1], rtol=-1)
    with pytest.raises(UsageError, match="nan"):
        assert_close([1], [1], atol=float("nan"))


numbers = st.floats(allow_nan=True, allow_infinity=True)


@settings(deadline=None, max_examples=50)
@given(arrays.arrays(float, 4, elements=numbers), arrays.arrays(float, 4, elements=numbers), st.sampled_from([0, 0.1]))
def test_it_decides_as_numpy_does(one, two, rtol):
    agrees = np.allclose(one, two, rtol=rtol, atol=0.01, equal_nan=True)

    if agrees:
        assert_close(one, two, rtol=rtol, atol=0.01)
    else:
        assert said(one, two, rtol=rtol, atol=0.01)
