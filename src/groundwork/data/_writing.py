"""Tables written as their rows come: Parquet, CSV or JSON lines, by the suffix.

Rule: a file appears whole or not at all, and what is written reads back as the same values: times as ISO 8601, and what
a format cannot say is refused. Memory: a few batches; rows that wait for their turn go to disk from 32 MiB on.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import IO, Any

import polars as pl
from polars.io.plugins import register_io_source

from groundwork.data._disk_frames import DiskFrames
from groundwork.errors import InvalidDataError, UnsupportedFormatError, first_line
from groundwork.storage import atomic_write, compressor, stream, written_by_polars

_HELD = 32 * 2**20
_COMPRESSED = (".gz", ".zst")
_TIMES = {False: "%Y-%m-%dT%H:%M:%S%.f", True: "%Y-%m-%dT%H:%M:%S%.f%:z"}


def format_of(path: Path) -> str:
    """Tell the format that a name asks for.

    Args:
        path: The file.

    Returns:
        ``.parquet``, ``.csv`` or ``.jsonl``.

    Raises:
        UnsupportedFormatError: The suffix is of none of these.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in _COMPRESSED
    suffix = suffixes[-1 - packed] if len(suffixes) > packed else ""
    known = {".parquet": ".parquet", ".pq": ".parquet", ".csv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl"}
    if suffix not in known or (packed and known[suffix] == ".parquet"):
        raise UnsupportedFormatError(
            f"{path.name}: no table can be written as {''.join(suffixes[-2:]) or 'a file without a suffix'}",
            hint="use .parquet, .csv or .jsonl; the last two also with .gz or .zst",
        )
    return known[suffix]


def write_rows(
    path: Path,
    types: Mapping[str, pl.DataType],
    frames: Callable[[], Iterator[pl.DataFrame]],
    *,
    before_done: Callable[[], None] | None = None,
) -> None:
    """Write frames as one file.

    Args:
        path: The file to write or replace.
        types: Type by name of every frame.
        frames: Gives them.
        before_done: Called when all rows are written, before the file appears.

    Raises:
        StorageError: The file cannot be written.
        InvalidDataError: The format cannot say a value or a type.
        UnsupportedFormatError: See ``format_of``.
    """
    kind = format_of(path)
    _check_types(path, kind, types)
    with atomic_write(path) as file, written_by_polars(path):
        if kind == ".parquet":
            with _closed_after(frames) as opened:
                as_query(types, opened).sink_parquet(file)
        else:
            suffix = path.suffix.lower()
            packed: AbstractContextManager[Any] = (
                compressor(suffix)(file) if suffix in _COMPRESSED else nullcontext(file)
            )
            with packed as inner:
                write = _write_csv if kind == ".csv" else _write_jsonl
                write(path, inner, types, frames())
        if before_done is not None:
            before_done()


def read_rows(path: Path, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Read what ``write_rows`` wrote, all of it.

    Args:
        path: The file; it has rows.
        types: Type by name, as they were given.

    Returns:
        The rows, of these types.

    Raises:
        StorageError: The file cannot be read.
        InvalidDataError: It holds something else.
    """
    flat = {name: dtype for name, dtype in types.items() if not dtype.is_nested()}
    rows = pl.concat(stream(path, columns=flat), rechunk=True)
    try:
        nested = [pl.col(name).str.json_decode(types[name]) for name in types if rows[name].dtype != types[name]]
        return rows.with_columns(nested)
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(
            f"{path.name} holds other values than were written: {first_line(error)}",
            hint="write Parquet, which keeps every type",
        ) from error


def as_query(types: Mapping[str, pl.DataType], frames: Callable[[], Iterator[pl.DataFrame]]) -> pl.LazyFrame:
    """Offer frames as a polars query that pulls them when it runs.

    Args:
        types: Type by name of every frame.
        frames: Gives them, anew for every run.

    Returns:
        The query.
    """

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for frame in frames():
            taken = frame if left is None else frame.head(left)
            left = None if left is None else left - taken.height
            taken = taken if predicate is None else taken.filter(predicate)
            yield taken if with_columns is None else taken.select(with_columns)
            if left == 0:
                return

    return register_io_source(source, schema=dict(types))


@contextmanager
def _closed_after(frames: Callable[[], Iterator[pl.DataFrame]]) -> Iterator[Callable[[], Iterator[pl.DataFrame]]]:
    """Close what polars reads from, here rather than wherever polars lets go of it.

    On Ctrl-C polars raises KeyboardInterrupt while Python's own is still to come. That one is raised by the next thing
    done, and must not meet a generator on its way out, where it is printed and its threads stay.
    """
    made: list[Iterator[pl.DataFrame]] = []

    def opened() -> Iterator[pl.DataFrame]:
        made.append(frames())
        return made[-1]

    try:
        try:
            yield opened
        finally:
            time.sleep(0)  # here it is raised
    finally:
        for each in made:
            _close(each)


def _close(frames: Iterator[pl.DataFrame]) -> None:
    close = getattr(frames, "close", None)
    while close is not None:
        try:
            close()
        except ValueError:  # a thread of polars is still in it; closed once, it is closed
            time.sleep(0.01)
        else:
            return


class Spool:
    """Rows that are written later: in memory at first, then on disk beside the file that they will make.

    Args:
        types: Type by name where no rows come; a column that comes in several types is text.
        path: The file.
    """

    def __init__(self, types: Mapping[str, pl.DataType], path: Path) -> None:
        self._types = dict(types)
        self._path = path
        self.rows = 0
        self._held: list[pl.DataFrame] = []
        self._size = 0
        self._spilled: DiskFrames | None = None

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows.

        Args:
            frame: The rows.

        Raises:
            StorageError: The disk is full, or the system refuses otherwise.
        """
        if not self.rows:
            self._types = dict(frame.schema)
        for name, dtype in frame.schema.items():
            if self._types[name] != dtype:
                self._types[name] = dtype if self._types[name] == pl.Null else pl.String()
        self._held.append(frame)
        self._size += int(frame.estimated_size())
        self.rows += frame.height
        if self._size >= _HELD:
            self._spill()

    def write(self) -> None:
        """Write all rows as the file; see ``write_rows``."""
        write_rows(self._path, self._types, self._frames)

    def _spill(self) -> None:
        if self._spilled is None:
            # The file's own folder may not be there yet.
            self._spilled = DiskFrames(next(parent for parent in self._path.resolve().parents if parent.is_dir()))
        self._spilled.add(pl.concat(map(self._one_type, self._held)))
        self._held, self._size = [], 0

    def _frames(self) -> Iterator[pl.DataFrame]:
        spilled = self._spilled.frames() if self._spilled is not None else ()
        yield from map(self._one_type, chain(spilled, self._held))

    def _one_type(self, frame: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame([_as_type(frame[name], dtype) for name, dtype in self._types.items()])


def _as_type(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if column.dtype == dtype:
        return column
    if column.dtype.is_nested():
        return pl.Series(column.name, [None if cell is None else str(cell) for cell in column.to_list()], dtype)
    return column.cast(dtype)


def _check_types(path: Path, kind: str, types: Mapping[str, pl.DataType]) -> None:
    odd = [name for name, dtype in types.items() if _cannot(kind, dtype)]
    if odd:
        raise InvalidDataError(
            f"{path.name}: column {odd[0]} is {types[odd[0]]}, which {kind[1:]} cannot hold",
            hint="write Parquet, or make the column text first",
            context={"column": odd[0]},
        )


def _cannot(kind: str, dtype: pl.DataType) -> bool:
    if kind == ".parquet":
        return isinstance(dtype, pl.Object)
    if isinstance(dtype, pl.Struct | pl.List) and kind == ".jsonl":
        return any(_cannot(kind, inner) for inner in _inner_types(dtype))
    return dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object | pl.Duration)


def _inner_types(dtype: pl.Struct | pl.List) -> list[Any]:
    return [field.dtype for field in dtype.fields] if isinstance(dtype, pl.Struct) else [dtype.inner]


def _write_csv(path: Path, file: IO[bytes], types: Mapping[str, pl.DataType], frames: Iterator[pl.DataFrame]) -> None:
    pl.DataFrame(schema=dict(types)).write_csv(file)
    for frame in frames:
        frame.with_columns(_times(types)).write_csv(file, include_header=False)


def _write_jsonl(path: Path, file: IO[bytes], types: Mapping[str, pl.DataType], frames: Iterator[pl.DataFrame]) -> None:
    asked = ((name, _no_number_of_json(pl.col(name), dtype)) for name, dtype in types.items())
    holds_odd = [odd.alias(name) for name, odd in asked if odd is not None]
    row = 0
    for frame in frames:
        for found in frame.select(holds_odd).iter_columns():
            if found.any():
                name, at = found.name, int(found.arg_true()[0])
                shown = str(frame[name].gather([at]).to_list()[0])[:80]
                raise InvalidDataError(
                    f"{path.name}: row {row + at + 1:,}, column {name}: {shown} is no number of JSON",
                    hint="write Parquet or CSV, or make it missing: null_values=['NaN']",
                    context={"row": row + at + 1, "column": name},
                )
        frame.with_columns(_times(types)).write_ndjson(file)
        row += frame.height


def _no_number_of_json(values: pl.Expr, dtype: Any) -> pl.Expr | None:
    """Say where a value is, or holds, NaN or an infinity; None where its type has no fractions."""
    if isinstance(dtype, pl.Struct):
        fields = [_no_number_of_json(values.struct.field(field.name), field.dtype) for field in dtype.fields]
        inner = [each for each in fields if each is not None]
        return pl.any_horizontal(inner) if inner else None
    if isinstance(dtype, pl.List):
        element = _no_number_of_json(pl.element(), dtype.inner)
        return None if element is None else values.list.eval(element).list.any().fill_null(False)
    return values.is_finite().not_().fill_null(False) if dtype.is_float() else None


def _times(types: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    return [
        pl.col(name).dt.strftime(_TIMES[dtype.time_zone is not None])
        for name, dtype in types.items()
        if isinstance(dtype, pl.Datetime)
    ]
