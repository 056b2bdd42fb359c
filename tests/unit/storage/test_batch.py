"""Rows brought to their declared types, or the first wrong value named."""

import polars as pl
import pytest

from groundwork.errors import InvalidDataError
from groundwork.storage._batch import Batch, typed


def test_of_several_wrong_values_of_a_row_the_first_column_is_named():
    batch = Batch(pl.DataFrame({"b": ["1", "x"], "a": ["1", "y"]}), 1, [2, 3])

    with pytest.raises(InvalidDataError, match=r"row 2 \(line 3\), column b: 'x'"):
        typed(batch, {"a": pl.Int64(), "b": pl.Int64()}, "t.csv")
