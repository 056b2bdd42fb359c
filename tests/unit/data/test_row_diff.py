"""Rows that came, went or changed."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, RowDiff, row_diff
from groundwork.errors import ConfigurationError, InvalidDataError

ROWS = st.dictionaries(
    st.one_of(st.none(), st.integers(0, 12)), st.tuples(st.one_of(st.none(), st.floats(0, 1)), st.text("ab"))
)


def table(rows):
    data = [(key, *cells) for key, cells in rows.items()]
    return pl.DataFrame(data, schema={"id": pl.Int64, "x": pl.Float64, "s": pl.String}, orient="row")


@settings(deadline=None, max_examples=50)
@given(ROWS, ROWS)
def test_every_row_is_added_removed_changed_or_the_same(before, after):
    found = row_diff(table(before), table(after), ["id"])

    both = before.keys() & after.keys()
    assert len(after.keys() - before.keys()) == found.added
    assert len(before.keys() - after.keys()) == found.removed
    assert sum(before[key] != after[key] for key in both) == found.changed
    counts = {name: sum(before[key][at] != after[key][at] for key in both) for at, name in enumerate(["x", "s"])}
    assert {name: count for name, count in counts.items() if count} == found.columns
    assert (before == after) == found.same
    json.dumps(found.to_dict())


def test_examples_say_key_column_before_and_after():
    before = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "v": [1, 2, 3]})
    after = pl.DataFrame({"a": [4, 2, 3], "b": ["x", "y", "z"], "v": [1, 9, 8]})

    assert RowDiff(
        ["a", "b"],
        added=1,
        removed=1,
        changed=2,
        columns={"v": 2},
        examples=[([2, "y"], "v", 2, 9)],
        added_examples=[[4, "x"]],
        removed_examples=[[1, "x"]],
    ) == row_diff(before, after, ["a", "b", "a"])


def test_a_number_of_another_type_is_the_same_number():
    before = pl.DataFrame({"id": ["1", "2"], "v": [1, 2], "w": ["3", "4"], "only": [0, 0]})
    after = pl.DataFrame({"id": [1, 2], "v": [1.0, 2.5], "w": [3, 4]})

    found = row_diff(before, Dataset.scan(after), ["id"])

    assert (0, 0, {"v": 1}) == (found.added, found.removed, found.columns)


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(InvalidDataError, match="the second table has 2 rows that share their key id, as 7"):
        row_diff(pl.DataFrame({"id": [7]}), pl.DataFrame({"id": [7, 7]}), ["id"])


def test_a_key_that_is_not_there_or_empty_is_refused():
    frame = pl.DataFrame({"id": [7]})

    with pytest.raises(InvalidDataError, match="the first table has no column 'ID'"):
        row_diff(frame, frame, ["ID"])
    with pytest.raises(ConfigurationError, match="no columns make the key"):
        row_diff(frame, frame, [])


def test_infinite_numbers_and_nan_stand_in_the_examples_as_text():
    before = pl.DataFrame({"a": [1, 2], "v": [1.0, None]})
    after = pl.DataFrame({"a": [1, 2], "v": [float("inf"), float("nan")]})

    found = row_diff(before, after, ["a"])

    assert [([1], "v", 1.0, "inf")] == found.examples
    assert 2 == found.columns["v"]


def test_nan_is_a_value_that_equals_itself_and_is_not_missing():
    nan = pl.DataFrame({"k": [1], "a": [float("nan")]})
    missing = pl.DataFrame({"k": [1], "a": [None]}, schema={"k": pl.Int64, "a": pl.Float64})

    assert row_diff(nan, nan, ["k"]).same
    assert row_diff(missing, missing, ["k"]).same
    assert row_diff(nan, missing, ["k"]).examples == [([1], "a", "nan", None)]
