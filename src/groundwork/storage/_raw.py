"""Tables read as their cells stand, with the place of every row: for who judges rows instead of refusing them.

Rule: nothing is cast and nothing refused but what cannot be read at all.
Memory: some blocks of CSV, twice as large as those of ``stream`` and a tenth cheaper, and their parse; else one.
"""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from groundwork.storage._blocks import Progress

if TYPE_CHECKING:
    import polars as pl

    from groundwork.storage._batch import Batch

_AT_ONCE = 2


def stream_raw(
    path: str | PathLike[str],
    *,
    columns: "Mapping[str, pl.DataType] | None" = None,
    null_values: Sequence[str] = (),
    member: str | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> "Iterator[Batch]":
    """Read a table in batches of the format's own size, every cell as the file holds it.

    Args:
        path: See ``stream``.
        columns: Types that ``cells`` may have; a column stands there in its type if every cell of it is known to fit.
        null_values: See ``stream``.
        member: See ``stream``.
        name: The file as messages shall call it; its own name unless given.
        progress: See ``stream``.

    Returns:
        An iterator of batches: ``frame`` (of a text format every column is String), ``cells`` (the same rows, some
        columns in their types), ``first_row`` (counted from 1) and ``lines`` (where each row begins, embedded newlines
        counted; None for Parquet).

    Raises:
        InvalidDataError: See ``stream``, but for values that do not fit a type.
        StorageError: See ``stream``.
        UnsupportedFormatError: See ``stream``.
    """
    from groundwork.storage._table import open_table

    table = open_table(Path(path), member, at_once=_AT_ONCE)
    table.name = name or table.name
    return table.batches(null_values, progress, columns)
