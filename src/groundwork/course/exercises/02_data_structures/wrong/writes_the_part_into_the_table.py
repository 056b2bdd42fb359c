"""Leaves a column 'part' in the caller's table."""

from pathlib import Path

import polars as pl

from groundwork.testing import load_subject

FAILS = (
    "split_leaves_the_table_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, **options):
    splits = right.split(frame, kind=kind, **options)
    if "part" not in frame.columns:
        frame.insert_column(frame.width, pl.lit("train").alias("part"))
    return splits
