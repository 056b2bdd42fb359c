"""Which columns a table has and of which types; its rows in batches of that.

Rule: the types of a column come from its declaration or the whole file, never from the rows that happen to stand
first.
"""

import difflib
from collections.abc import Generator, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from groundwork.errors import InvalidDataError, UnsupportedFormatError, UsageError
from groundwork.storage import _jsonl as jsonl
from groundwork.storage import _parquet as parquet
from groundwork.storage._batch import Table
from groundwork.storage._blocks import check_exists, table_suffix
from groundwork.storage._cells import has_zone
from groundwork.storage._csv import CsvFile
from groundwork.storage._jsonl import JsonlFile
from groundwork.storage._parquet import ParquetFile

_DType = pl.DataType | type[pl.DataType]


def open_table(path: Path, member: str | None, *, at_once: int = 1) -> Table:
    """Open a file of rows by its suffix.

    Args:
        path: The file.
        member: Which file of a zip.
        at_once: See ``CsvFile``.

    Returns:
        The table; nothing is read yet.

    Raises:
        InvalidDataError: It is a zip without such a member, or damaged.
        StorageError: There is no such file.
        UnsupportedFormatError: The suffix is of no table.
    """
    check_exists(path)
    suffix = table_suffix(path, member)
    if suffix == ".csv":
        return CsvFile(path, member, at_once=at_once)
    if suffix in jsonl.SUFFIXES:
        return JsonlFile(path, member)
    if suffix in parquet.SUFFIXES and path.suffix.lower() != ".zip":
        return ParquetFile(path)
    if _reads_tables(path, suffix):
        from groundwork.storage._plugin_format import PluginTable

        return PluginTable(path)
    raise _no_table(path, suffix)


def check_table_name(path: str | PathLike[str]) -> None:
    """Refuse a name that no table can have; of a zip, only its member says.

    Args:
        path: The file, which need not exist.

    Raises:
        UnsupportedFormatError: The suffix is of no table.
        UnknownPluginError: The suffix is the name of a format plugin that cannot be used.
    """
    name = Path(path)
    if name.suffix.lower() == ".zip":
        return
    suffix = table_suffix(name)
    if suffix not in (".csv", *jsonl.SUFFIXES, *parquet.SUFFIXES) and not _reads_tables(name, suffix):
        raise _no_table(name, suffix)


def _reads_tables(path: Path, suffix: str) -> bool:
    from groundwork.storage._plugin_format import reads_tables

    return path.suffix.lower() != ".zip" and reads_tables(suffix)


def _no_table(path: Path, suffix: str) -> UnsupportedFormatError:
    from groundwork import environment

    known = ".csv, .jsonl or .parquet, each also with .gz or .zst; the first two also within a .zip"
    brought = ", ".join(f".{name}" for name in environment.plugin_names("format"))
    return UnsupportedFormatError(
        f"{path.name}: no table format has the suffix {suffix!r}",
        hint=f"use {known}{f'; plugins bring {brought}' if brought else ''}",
    )


def settled_types(table: Table, declared: Mapping[str, _DType], null_values: Sequence[str]) -> dict[str, pl.DataType]:
    """Settle the type of every column.

    Args:
        table: The table.
        declared: Types by name.
        null_values: Texts that mean missing.

    Returns:
        A type for each column, in the file's order.

    Raises:
        InvalidDataError: A declared column is not there, or cannot have that type; or the file is damaged.
        StorageError: The file cannot be read.
        UsageError: What is declared are no types by name.
    """
    _require_types(declared)
    found = table.found()
    _require(table.name, list(found), list(declared))
    texts = isinstance(table, CsvFile | JsonlFile)
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
    name: str, found: pl.DataType, declared: Mapping[str, _DType], zones: Mapping[str, str | None]
) -> pl.DataType:
    wanted = declared.get(name, found)
    if wanted is pl.Datetime:
        return found if isinstance(found, pl.Datetime) else pl.Datetime("us", zones.get(name))
    return wanted() if isinstance(wanted, type) else wanted


def _require_types(declared: Any) -> None:
    hint = "columns={'zip': polars.String, 'delay': polars.Int64}"
    if not isinstance(declared, Mapping):
        raise UsageError(f"columns must map names to polars types, not be {type(declared).__name__}", hint=hint)
    for name, dtype in declared.items():
        if not (isinstance(dtype, pl.DataType) or (isinstance(dtype, type) and issubclass(dtype, pl.DataType))):
            raise UsageError(f"column {name!r} is declared {dtype!r}, which is no polars type", hint=hint)


def _require(name: str, present: Sequence[str], declared: Sequence[str]) -> None:
    there = set(present)
    missing = [each for each in declared if each not in there]
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


def resliced(frames: Iterator[pl.DataFrame], rows: int) -> Generator[pl.DataFrame]:
    """Cut frames anew.

    Args:
        frames: Of any height.
        rows: The height of all but the last of the new ones.

    Yields:
        The same rows.
    """
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
