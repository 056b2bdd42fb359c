"""Casts without strict: what does not fit becomes null."""

from pathlib import Path

import polars as pl

from groundwork.testing import load_subject

FAILS = (
    "a_value_that_does_not_fit_is_named",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
append = right.append


def stream(path, rows=65_536, *, columns):
    for frame in right.stream(path, rows, columns=dict.fromkeys(columns, pl.Object)):
        yield pl.DataFrame(
            [pl.Series(name, frame[name].to_list(), dtype=dtype, strict=False) for name, dtype in columns.items()]
        )
