"""Compares checksums of 16 bits: of five thousand rows hundreds have the checksum of another."""

import zlib
from pathlib import Path

import polars as pl

from groundwork.testing import load_subject

FAILS = (
    "different_rows_stay",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def deduplicate(frame, *, columns=None, keep="first"):
    names = frame.columns if columns is None else columns
    keys = [zlib.crc32(repr(row).encode()) % 65536 for row in frame.select(names).rows()]
    marked = pl.DataFrame({"key": keys, "nth": range(len(keys))}, schema={"key": pl.Int64, "nth": pl.Int64})
    result = right.deduplicate(marked, columns=["key"], keep=keep)
    return right.Deduplicated(frame[result.frame["nth"].to_list()], result.removed)
