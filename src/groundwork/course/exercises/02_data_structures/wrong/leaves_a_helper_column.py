"""Numbers the rows in the caller's own table."""

from pathlib import Path

import polars as pl

from groundwork.testing import load_subject

FAILS = (
    "the_table_given_is_left_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def deduplicate(frame, *, columns=None, keep="first"):
    names = list(frame.columns) if columns is None else columns
    result = right.deduplicate(frame.clone(), columns=names, keep=keep)
    if "nth" not in frame.columns:
        frame.insert_column(0, pl.Series("nth", range(frame.height)))
    return result
