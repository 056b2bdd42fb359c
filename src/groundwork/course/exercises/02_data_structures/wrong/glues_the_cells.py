"""Compares texts made of the cells with a bar between them: 'x|' and 'y' is 'x' and '|y'."""

from pathlib import Path

import polars as pl

from groundwork.testing import load_subject

FAILS = (
    "different_rows_stay",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def deduplicate(frame, *, columns=None, keep="first"):
    names = frame.columns if columns is None else columns
    keys = ["|".join("\0" if cell is None else str(cell) for cell in row) for row in frame.select(names).rows()]
    marked = pl.DataFrame({"key": keys, "nth": range(len(keys))}, schema={"key": pl.String, "nth": pl.Int64})
    result = right.deduplicate(marked, columns=["key"], keep=keep)
    return right.Deduplicated(frame[result.frame["nth"].to_list()], result.removed)
