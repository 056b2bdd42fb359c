"""Tables read in batches, in bounded memory.

Rule: the types of a column come from its declaration, not from the rows that happen to stand first; a column that
nobody declared is text. A value that does not fit is an error that names file, row, line and column.
Memory: one block of 4 MiB, its parse, and the batch being filled.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

import polars as pl

from groundwork.errors import InvalidDataError, UnsupportedFormatError, first_line
from groundwork.storage._blocks import Progress, blocks, check_exists
from groundwork.storage._cells import cast_column, has_zone, misfits
from groundwork.storage._csv import CsvTable, TextBatch

_SHOWN = 40

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
        path: A CSV file, plain or compressed (.gz, .zst, .zip), or a Parquet file.
        rows: Rows of each batch; the last may be shorter.
        columns: Types of the columns by name. A CSV column not named here is text. ``pl.Datetime`` without arguments
            takes its zone from the first value of the file: UTC where that has an offset, none where it has not.
        null_values: Texts that mean missing, besides the empty field.
        member: Which file of a zip; not needed where it holds a single .csv.
        progress: Called now and then with the bytes consumed and the file's size.

    Returns:
        An iterator of frames, all with the same columns and types; none where the file has a header and no rows.

    Raises:
        InvalidDataError: At the call: no header, a column named twice, a declared column that is not there. While
            iterating: a value that its type does not allow, a record of the wrong length, a damaged file.
        StorageError: There is no such file, or it cannot be read.
        UnsupportedFormatError: The suffix is of no table.
    """
    if rows < 1:
        raise InvalidDataError(f"rows is {rows}; a batch needs at least 1")
    path = Path(path)
    types = stream_schema(path, columns=columns, null_values=null_values, member=member)
    if _is_parquet(path):
        return _parquet(path, rows, types, columns or {}, null_values, progress)
    return _csv(path, rows, types, null_values, member, progress)


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
    path, declared = Path(path), dict(columns or {})
    check_exists(path)
    if _is_parquet(path):
        present: dict[str, pl.DataType] = dict(_parquet_schema(path))
    elif path.suffix.lower() in {".csv", ".gz", ".zst", ".zip"}:
        present = dict.fromkeys(CsvTable(blocks(path, member), path.name).header, pl.String())
    else:
        raise UnsupportedFormatError(
            f"{path.name}: no table format has the suffix {path.suffix!r}",
            hint="use .csv, .csv.gz, .csv.zst, .zip or .parquet",
        )
    _require(path, list(present), list(declared))
    open_zones = [name for name, dtype in declared.items() if dtype is pl.Datetime and present[name] == pl.String]
    zones = _zones(path, open_zones, null_values, member) if open_zones else {}
    return {name: _settled(name, found, declared, zones) for name, found in present.items()}


def _settled(
    name: str, found: pl.DataType, declared: Mapping[str, DType], zones: Mapping[str, str | None]
) -> pl.DataType:
    wanted = declared.get(name, found)
    if wanted is pl.Datetime:
        return found if isinstance(found, pl.Datetime) else pl.Datetime("us", zones.get(name))
    return wanted() if isinstance(wanted, type) else wanted


def _require(path: Path, present: Sequence[str], declared: Sequence[str]) -> None:
    missing = [name for name in declared if name not in present]
    if not missing:
        return
    near = difflib.get_close_matches(missing[0], present, n=3, cutoff=0.5)
    raise InvalidDataError(
        f"{path.name} has no column {', '.join(map(repr, missing[:5]))}{' …' if len(missing) > 5 else ''}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(present[:20])}",
        context={"file": path.name, "column": missing[0], "missing": missing},
    )


def _zones(path: Path, names: Sequence[str], null_values: Sequence[str], member: str | None) -> dict[str, str | None]:
    """Look for the first value of each column; it settles the zone for the file, whatever the batch size."""
    zones: dict[str, str | None] = {}
    for frame in _text_frames(path, null_values, member):
        for name in set(names) - set(zones):
            values = frame[name].drop_nulls()
            values = values.filter(values != "")
            if len(values):
                zones[name] = "UTC" if has_zone(values[0]) else None
        if len(zones) == len(names):
            break
    return zones


def _text_frames(path: Path, null_values: Sequence[str], member: str | None) -> Iterator[pl.DataFrame]:
    if _is_parquet(path):
        yield from _slices(path, 65_536)
    else:
        table = CsvTable(blocks(path, member), path.name)
        yield from (batch.frame for batch in table.batches(null_values))


def _csv(
    path: Path,
    rows: int,
    types: Mapping[str, pl.DataType],
    null_values: Sequence[str],
    member: str | None,
    progress: Progress | None,
) -> Iterator[pl.DataFrame]:
    table = CsvTable(blocks(path, member, progress), path.name)
    frames = (_typed(batch, types, path.name) for batch in table.batches(null_values))
    yield from _resliced(frames, rows)


def _typed(batch: TextBatch, types: Mapping[str, pl.DataType], name: str) -> pl.DataFrame:
    typed = [cast_column(column, types[column.name]) for column in batch.frame.iter_columns()]
    firsts = []
    for text, values in zip(batch.frame.iter_columns(), typed, strict=True):
        if values.null_count() != text.null_count() and (wrong := misfits(text, values)).any():
            firsts.append((int(wrong.arg_true()[0]), text.name))
    if firsts:
        at, column = min(firsts, key=lambda first: first[0])
        row, line = batch.first_row + at, int(batch.lines[at])
        _refuse_value(name, f"row {row:,} (line {line:,})", column, batch.frame[column][at], types[column], row, line)
    return pl.DataFrame(typed)


def _refuse_value(
    name: str, where: str, column: str, value: object, dtype: pl.DataType, row: int, line: int | None
) -> None:
    shown = f"{str(value)[:_SHOWN]!r}{'…' if len(str(value)) > _SHOWN else ''}"
    raise InvalidDataError(
        f"{name}: {where}, column {column}: {shown} is not {dtype}",
        hint=_advice(dtype, str(value)),
        context={"file": name, "row": row, "line": line, "column": column, "value": str(value)},
    )


def _advice(dtype: pl.DataType, value: str) -> str:
    if isinstance(dtype, pl.Datetime):
        return (
            "every time in this column must have an offset or Z"
            if dtype.time_zone
            else "declare Datetime[UTC] if times have an offset; write 2013-01-31T10:00:00"
        )
    if isinstance(dtype, pl.Date):
        return "write dates as 2013-01-31"
    if dtype.is_integer() and pl.Series([value]).cast(pl.Float64, strict=False).is_not_null().item():
        return "declare the column Float64, or a wider integer"
    return f"correct the value, declare the column String, or add {value[:_SHOWN]!r} to null_values"


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


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in {".parquet", ".pq"}


def _parquet_schema(path: Path) -> Mapping[str, pl.DataType]:
    try:
        return pl.scan_parquet(path, glob=False).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidDataError(
            f"{path.name} is not a whole Parquet file: {first_line(error)}",
            hint="fetch or write the file again",
            context={"file": path.name},
        ) from error


def _slices(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    lazy = pl.scan_parquet(path, glob=False)
    height = lazy.select(pl.len()).collect().item()
    for start in range(0, height, rows):
        yield lazy.slice(start, rows).collect()


def _parquet(
    path: Path,
    rows: int,
    types: Mapping[str, pl.DataType],
    declared: Mapping[str, DType],
    null_values: Sequence[str],
    progress: Progress | None,
) -> Iterator[pl.DataFrame]:
    total, done = path.stat().st_size, 0
    height = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    for frame in _slices(path, rows):
        yield pl.DataFrame(
            [_converted(frame[name], types[name], null_values, path.name, done) for name in frame.columns]
        )
        done += frame.height
        if progress is not None:
            progress(total * done // height, total)


def _converted(column: pl.Series, dtype: pl.DataType, null_values: Sequence[str], name: str, before: int) -> pl.Series:
    if column.dtype == pl.String and null_values:
        column = column.set(column.is_in(list(null_values)), None)
    values = cast_column(column, dtype)
    wrong = misfits(column, values)
    if wrong.any():
        at = int(wrong.arg_true()[0])
        _refuse_value(name, f"row {before + at + 1:,}", column.name, column[at], dtype, before + at + 1, None)
    return values
