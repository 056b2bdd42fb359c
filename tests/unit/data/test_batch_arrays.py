"""Columns as arrays: gathered without polars, nothing missing in silence."""

import datetime

import numpy as np
import polars as pl
import pytest

from groundwork.data._batch_arrays import ArrayColumns
from groundwork.data._batch_padding import Padding
from groundwork.errors import InvalidDataError

FRAME = pl.DataFrame(
    {
        "number": [1, 2, 3, 4],
        "float": [0.5, None, float("nan"), 2.0],
        "flag": [True, False, True, False],
        "vector": [[1.0, 2.0], [3.0, 4.0], None, [7.0, 8.0]],
        "text": ["a", None, "c", "d"],
        "tokens": [[1], [], None, [2, 3]],
        "day": [datetime.date(2013, 1, day) for day in (1, 2, 3, 4)],
    },
    schema_overrides={"vector": pl.Array(pl.Float32, 2), "tokens": pl.List(pl.Int32)},
)


def batches(frame, rows, sizes, pad=None):
    return ArrayColumns(frame, Padding(pad or {}, frame.schema).fill).batches(np.array(rows), sizes)


def test_columns_are_gathered_and_cut_into_batches():
    first, second = batches(FRAME, [3, 0, 2], [2, 1])

    assert [4, 1] == first["number"].tolist()
    assert [3] == second["number"].tolist()
    assert first["flag"].dtype == np.bool_
    assert ["d", "a"] == first["text"]
    assert [datetime.date(2013, 1, 4), datetime.date(2013, 1, 1)] == first["day"]


def test_a_missing_float_is_nan():
    [batch] = batches(FRAME.select("float", "vector"), [0, 1, 2, 3], [4])

    assert [False, True, True, False] == np.isnan(batch["float"]).tolist()
    assert [False, False, True, False] == np.isnan(batch["vector"]).all(axis=1).tolist()
    assert batch["vector"].dtype == np.float32


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, None], pl.Int64),
        ([True, None], pl.Boolean),
        ([[1, 2], None], pl.Array(pl.Int8, 2)),
        ([[1, None]], pl.Array(pl.Int8, 2)),
    ],
)
def test_a_missing_number_that_no_nan_can_stand_for_is_an_error(values, dtype):
    frame = pl.DataFrame({"x": values}, schema={"x": dtype})

    with pytest.raises(InvalidDataError, match="column x lacks 1 values"):
        batches(frame, [0], [1])


def test_lists_are_padded_to_the_longest_of_each_batch():
    first, second = batches(FRAME.select("tokens"), [0, 1, 3, 2], [2, 2], {"tokens": 9})

    assert {name: values.tolist() for name, values in first.items()} == {
        "tokens": [[1], [9]],
        "tokens_length": [1, 0],
        "tokens_mask": [[True], [False]],
    }
    assert [[2, 3], [9, 9]] == second["tokens"].tolist()
    assert second["tokens"].dtype == np.int32


def test_arrays_may_be_written_without_changing_the_table():
    frame = pl.DataFrame({"x": [1.0, 2.0]})

    [batch] = batches(frame, [0, 1], [2])
    batch["x"][:] = 0

    assert [1.0, 2.0] == frame["x"].to_list()


def test_arrays_of_arrays_keep_their_shape():
    frame = pl.DataFrame({"x": np.arange(24.0).reshape(2, 3, 4)})

    [batch] = batches(frame, [1, 0], [2])

    assert (2, 3, 4) == batch["x"].shape
