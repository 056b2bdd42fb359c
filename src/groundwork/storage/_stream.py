"""Tables read in batches, in bounded memory.

Rule: the types of a column come from its declaration or the whole file, never from the rows that happen to stand
first. A value that does not fit is an error that names file, row, line and column.
Memory: one block of 4 MiB, its parse, and the batch being filled; of Parquet a window of a row group.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

import polars as pl

from groundwork.errors import InvalidDataError, UnsupportedFormatError
from groundwork.storage import _jsonl as jsonl
from groundwork.storage import _parquet as parquet
from groundwork.storage._batch import Table, typed
from groundwork.storage._blocks import Progress, check_exists, table_suffix
from groundwork.storage._cells import has_zone
from groundwork.storage._csv import CsvFile
from groundwork.storage._jsonl import JsonlFile
from groundwork.storage._parquet import ParquetFile

DType = pl.DataType | type[pl.DataType]


def stream(
    path: str | PathLike[str],
    rows: int = 65_536,
    *,
    columns: Mapping[str, DType] | None = None,
    null_values: Sequence[str] = (),
    member: str | None = None,
    progress: Progress | None = None,
) -> Iterator[pl.DataFrame]:
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
    """
    if rows < 1:
        raise InvalidDataError(f"rows is {rows}; a batch needs at least 1")
    table = _open(Path(path), member)
    types = _types(table, columns or {}, null_values)
    frames = (typed(batch, types, table.name) for batch in table.batches(null_values, progress))
    return _resliced(frames, rows)


def stream_schema(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, DType] | None = None,
    null_values: Sequence[str] = (),
    member: str | None = None,
) -> dict[str, pl.DataType]:
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
    """
    return _types(_open(Path(path), member), columns or {}, null_values)


def _open(path: Path, member: str | None) -> Table:
    check_exists(path)
    suffix = table_suffix(path, member)
    if suffix == ".csv":
        return CsvFile(path, member)
    if suffix in jsonl.SUFFIXES:
        return JsonlFile(path, member)
    if suffix in parquet.SUFFIXES and path.suffix.lower() != ".zip":
        return ParquetFile(path)
    raise UnsupportedFormatError(
        f"{path.name}: no table format has the suffix {suffix!r}",
        hint="use .csv, .jsonl or .parquet, each also with .gz or .zst; the first two also within a .zip",
    )


def _types(table: Table, declared: Mapping[str, DType], null_values: Sequence[str]) -> dict[str, pl.DataType]:
    found = table.found()
    _require(table.name, list(found), list(declared))
    texts = not isinstance(table, ParquetFile)
    for name, dtype in declared.items():
        if texts and dtype.is_nested():
            raise InvalidDataError(
                f"{table.name}: column {name} cannot be declared {dtype}: its cells are text",
                hint="declare it String, and decode it with .str.json_decode",
                context={"file": table.name, "column": name},
            )
    open_zones = [name for name, dtype in declared.items() if dtype is pl.Datetime and found[name] == pl.String]
    zones = _zones(table, open_zones, null_values) if open_zones else {}
    return {name: _settled(name, dtype, declared, zones) for name, dtype in found.items()}


def _settled(
    name: str, found: pl.DataType, declared: Mapping[str, DType], zones: Mapping[str, str | None]
) -> pl.DataType:
    wanted = declared.get(name, found)
    if wanted is pl.Datetime:
        return found if isinstance(found, pl.Datetime) else pl.Datetime("us", zones.get(name))
    return wanted() if isinstance(wanted, type) else wanted


def _require(name: str, present: Sequence[str], declared: Sequence[str]) -> None:
    missing = [each for each in declared if each not in present]
    if not missing:
        return
    near = difflib.get_close_matches(missing[0], present, n=3, cutoff=0.5)
    raise InvalidDataError(
        f"{name} has no column {', '.join(map(repr, missing[:5]))}{' …' if len(missing) > 5 else ''}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(present[:20])}",
        context={"file": name, "column": missing[0], "missing": missing},
    )


def _zones(table: Table, names: Sequence[str], null_values: Sequence[str]) -> dict[str, str | None]:
    """Look for the first value of each column; it settles the zone for the file, whatever the batch size."""
    zones: dict[str, str | None] = {}
    for batch in table.batches(null_values, None):
        for name in set(names) - set(zones):
            values = batch.frame[name].drop_nulls()
            values = values.filter(values != "")
            if len(values):
                zones[name] = "UTC" if has_zone(values[0]) else None
        if len(zones) == len(names):
            break
    return zones


def _resliced(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        held.append(frame)
        height += frame.height
        if height < rows:
            continue
        whole = pl.concat(held)
        full = height - height % rows
        yield from (whole[start : start + rows].rechunk() for start in range(0, full, rows))
        held, height = [whole[full:]], height - full
    if height:
        yield pl.concat(held).rechunk()
