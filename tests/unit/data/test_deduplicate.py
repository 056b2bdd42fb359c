"""Exact duplicates."""

import polars as pl
import pytest

from groundwork.data import deduplicate
from groundwork.errors import ConfigurationError, InvalidDataError

FRAME = pl.DataFrame({"a": [1, 1, None, None, 2], "b": ["x", "x", "y", "y", "x"], "c": [1, 1, 1, 2, 1]})


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({}, [0, 2, 3, 4]),
        ({"columns": ["a", "b"]}, [0, 2, 4]),
        ({"columns": ["a", "b"], "keep": "last"}, [1, 3, 4]),
        ({"columns": ["a", "b"], "keep": "none"}, [4]),
    ],
)
def test_equal_rows_go_and_the_rest_keep_their_order(options, rows):
    result = deduplicate(FRAME, **options)

    assert result.frame.equals(FRAME[rows])
    assert result.to_dict() == {"rows": len(rows), "removed": FRAME.height - len(rows)}


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ConfigurationError, match="keep 'any'"):
        deduplicate(FRAME, keep="any")
    with pytest.raises(ConfigurationError, match="no columns"):
        deduplicate(FRAME, columns=[])
    with pytest.raises(InvalidDataError, match="no column 'z'"):
        deduplicate(FRAME, columns=["z"])
