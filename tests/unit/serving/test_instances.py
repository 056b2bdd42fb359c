"""Whatever a caller holds, as instances."""

import datetime
import json
import sys
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from groundwork.errors import InvalidDataError
from groundwork.serving._instances import encode_instances, instances_of


def sent(rows):
    return json.loads(encode_instances(instances_of(rows)))["instances"]


def test_lists_generators_and_arrays_are_rows():
    assert [{"x": 1}] == sent([{"x": 1}])
    assert [[1, 2], [3, 4]] == sent(row for row in ([1, 2], (3, 4)))
    assert [[1.0, 2.0]] == sent(np.array([[1.0, 2.0]]))
    assert [1, 2] == sent(np.array([1, 2]))


def test_polars_tables_are_objects_of_columns_with_missing_values_null():
    frame = pl.DataFrame({"x": [1.5, None], "when": [datetime.datetime(2026, 1, 2, 3), None]})
    expected = [{"x": 1.5, "when": "2026-01-02T03:00:00"}, {"x": None, "when": None}]

    assert [expected, expected] == [sent(frame), sent(frame.lazy())]


class Cells:
    """As much of a pandas DataFrame as is asked of one."""

    def __init__(self, rows):
        self.rows = rows

    def astype(self, kind):
        assert kind is object
        return self

    def notna(self):
        return [[value == value for value in row.values()] for row in self.rows]

    def where(self, present, other):
        pairs = zip(self.rows, present, strict=True)
        return Cells([{k: v if p else other for (k, v), p in zip(row.items(), at, strict=True)} for row, at in pairs])

    def to_dict(self, kind):
        assert kind == "records"
        return self.rows


class Arrow:
    """As much of a pyarrow Table as is asked of one."""

    def to_pylist(self):
        return [{"x": 1}]


@pytest.mark.parametrize(
    ("library", "name", "kind", "table", "expected"),
    [
        ("pandas", "DataFrame", Cells, Cells([{"x": 1.0}, {"x": float("nan")}]), [{"x": 1.0}, {"x": None}]),
        ("pyarrow", "Table", Arrow, Arrow(), [{"x": 1}]),
    ],
)
def test_tables_of_other_libraries_are_objects_of_columns(monkeypatch, library, name, kind, table, expected):
    module = ModuleType(library)
    setattr(module, name, kind)
    monkeypatch.setitem(sys.modules, library, module)

    assert expected == sent(table)


def test_pandas_itself_gives_rows_with_missing_values_null():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1.5, None], "when": [pandas.Timestamp("2026-01-02"), pandas.NaT], "n": [1, 2]})

    assert [
        {"x": 1.5, "when": "2026-01-02T00:00:00", "n": 1},
        {"x": None, "when": None, "n": 2},
    ] == sent(frame)


def test_numpys_numbers_and_dates_are_written_as_plain_ones_and_nan_as_null():
    row = {"a": np.int64(3), "b": np.float32(0.5), "c": np.float64("nan"), "d": np.array([1, 2])}

    assert [{"a": 3, "b": 0.5, "c": None, "d": [1, 2]}] == sent([row])


@pytest.mark.parametrize("rows", [{"x": 1}, "text", b"bytes", 5, np.array(5)])
def test_what_is_no_list_of_rows_is_refused(rows):
    with pytest.raises(InvalidDataError, match="instances must be"):
        instances_of(rows)


def test_a_value_that_json_cannot_hold_is_named():
    with pytest.raises(InvalidDataError, match="a complex"):
        encode_instances([{"x": 1j}])


def test_rows_nested_without_end_are_refused():
    row = []
    row.append(row)

    with pytest.raises(InvalidDataError, match="what JSON cannot"):
        encode_instances([row])
