"""Lets polars guess the types from each batch."""

import gzip
import itertools
import json
from pathlib import Path

import polars as pl

from groundwork.testing import load_subject

FAILS = (
    "types_do_not_depend_on_the_batch",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
append = right.append


def stream(path, rows=65_536, *, columns):
    opened = gzip.open(path) if str(path).endswith(".gz") else open(path, "rb")
    with opened as file:
        lines = iter(file)
        number = 0
        try:
            while taken := list(itertools.islice(lines, rows)):
                yield pl.DataFrame([record(line, path, number + nth) for nth, line in enumerate(taken, start=1)])
                number += len(taken)
        except (EOFError, OSError) as error:
            raise ValueError(f"{path}: {error}") from error


def record(line, path, number):
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: line {number}: {error}") from error
