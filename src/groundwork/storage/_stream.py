"""Tables read in batches, in bounded memory.

Rule: the types of a column come from its declaration or the whole file, never from the rows that happen to stand
first. A value that does not fit is an error that names file, row, line and column.
Memory: some blocks of 2 MiB, their parse, and the batch being filled; of Parquet a window of a row group.
"""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from groundwork.errors import UsageError
from groundwork.storage._blocks import Progress

if TYPE_CHECKING:
    import polars as pl

    DType = pl.DataType | type[pl.DataType]


def stream(
    path: str | PathLike[str],
    rows: int = 65_536,
    *,
    columns: "Mapping[str, DType] | None" = None,
    null_values: Sequence[str] = (),
    member: str | None = None,
    progress: Progress | None = None,
) -> "Iterator[pl.DataFrame]":
    """Read a table in batches.

    Args:
        path: A file of CSV (``.csv``), JSON lines (``.jsonl``, ``.ndjson``) or Parquet, plain or with ``.gz`` or
            ``.zst`` on top; or a ``.zip`` that holds one of the first two.
        rows: Rows of each batch; the last may be shorter.
        columns: Types of the columns by name. A column not named here is text in CSV, keeps its type in Parquet, and
            in JSON lines gets the one that fits all its values: Int64, Float64, Boolean, else text (of a nested value
            its JSON); that takes a first pass over the file. ``pl.Datetime`` without arguments takes its zone from the
            first value of the file: UTC where that has an offset, none where it has not.
        null_values: Texts that mean missing, besides the empty field.
        member: Which file of a zip; not needed where it holds a single table.
        progress: Called now and then with the bytes consumed and the file's size; never falls, ends at the size.

    Returns:
        An iterator of frames, all with the same columns and types; none where the file has no rows. The columns of JSON
        lines stand as in the first line; those that come later follow by name.

    Raises:
        InvalidDataError: At the call: no header, a column named twice, a declared column that is not there, a line
            that is no JSON object. While iterating: a value that its type does not allow, a record of the wrong
            length, a damaged file.
        StorageError: There is no such file, or it cannot be read.
        UnsupportedFormatError: The suffix is of no table.
        UsageError: ``rows`` is no number above 0, or ``columns`` does not map names to polars types.
    """
    from groundwork.storage._batch import typed
    from groundwork.storage._table import open_table, resliced, settled_types

    if not isinstance(rows, int) or rows < 1:
        raise UsageError(f"rows is {rows!r}; a batch needs at least 1", hint="give a whole number, as rows=65_536")
    table = open_table(Path(path), member)
    types = settled_types(table, columns or {}, null_values)
    frames = (typed(batch, types, table.name) for batch in table.batches(null_values, progress, types))
    return resliced(frames, rows)


def stream_schema(
    path: str | PathLike[str],
    *,
    columns: "Mapping[str, DType] | None" = None,
    null_values: Sequence[str] = (),
    member: str | None = None,
) -> "dict[str, pl.DataType]":
    """Tell what ``stream`` would yield: names and types, also of a file without rows.

    Args:
        path: See ``stream``.
        columns: See ``stream``.
        null_values: See ``stream``.
        member: See ``stream``.

    Returns:
        The type of every column, in the file's order.

    Raises:
        InvalidDataError: See ``stream``.
        StorageError: See ``stream``.
        UnsupportedFormatError: See ``stream``.
        UsageError: See ``stream``.
    """
    from groundwork.storage._table import open_table, settled_types

    return settled_types(open_table(Path(path), member), columns or {}, null_values)
