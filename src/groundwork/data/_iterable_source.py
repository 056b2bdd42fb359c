"""Rows that a program makes: mappings one by one, or frames.

Rule: what can be read once only is never read a second time in part; the second reading is refused. The columns are
those of the first rows, and a later row that does not fit them is an error, as is one of another kind: a truth value
or a text in a column of numbers. Memory: 10,000 mappings, or one frame.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from polars.datatypes import DataTypeClass

from groundwork.data._frame_source import settled
from groundwork.data._sources import DTypes, Piece, Progress, without
from groundwork.data._tables import from_arrow
from groundwork.data._value_column import value_column
from groundwork.errors import InvalidDataError, UsageError
from groundwork.storage import cast_column, misfits

_ROWS = 10_000
AnyType = pl.DataType | DataTypeClass


class IterableSource:
    """An iterable of mappings or of tables, or a function that gives one.

    Args:
        rows: The iterable; of an iterator, as a generator or an Arrow reader is, there is one reading.
    """

    files: tuple[Path, ...] = ()

    def __init__(self, rows: Iterable[Any] | Callable[[], Iterable[Any]]) -> None:
        self._rows = rows
        self.rereadable = callable(rows) or iter(rows) is not rows
        self.name = "reader" if hasattr(rows, "__arrow_c_stream__") else "iterable"
        self._first: pl.DataFrame | None = None
        self._known: dict[str, pl.DataType] = {}
        self._declared: frozenset[str] = frozenset()
        self._opened: Iterator[pl.DataFrame] | None = None
        self._read = False

    def types(self, declared: DTypes, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Settle the columns by the first rows; see ``settled``."""
        found = self.raw_types(null_values)
        self._declared = frozenset(declared)
        if not found and declared:
            found = {name: pl.String() for name in declared}
        return settled(self.name, found, declared)

    def raw_types(self, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Tell the types of the first rows, of a list those of the first values; a column without any value is text."""
        self._peek()
        return {name: pl.String() if dtype == pl.Null else dtype for name, dtype in self._known.items()}

    def pieces(
        self, null_values: Sequence[str], progress: Progress | None, types: Mapping[str, pl.DataType] | None = None
    ) -> Iterator[Piece]:
        """Yield the rows.

        Raises:
            UsageError: They have been read, and cannot be read again.
            InvalidDataError: A row is no mapping, or has other columns than the first ones.
        """
        if self._read and not self.rereadable:
            raise UsageError(
                f"the rows of this {self.name} have been read, and it can be read once only",
                hint="pass a list, or a function that makes the iterator anew; or sink() to a file and scan that",
            )
        names, row = list(self._peek().columns), 1
        self._read = True
        frames: Iterator[pl.DataFrame] = self._frames() if self.rereadable else self._kept()
        for frame in frames:
            if frame.height:
                same = self._same(frame, names, row)
                self._require_kinds(same, row)
                yield Piece(without(same, null_values), self.name, row)
                row += frame.height

    def _peek(self) -> pl.DataFrame:
        if self._first is None:
            opened = self._frames()
            self._first = next(opened, pl.DataFrame())
            self._known = dict(self._first.schema)
            if not self.rereadable:
                self._opened = opened
            elif isinstance(self._rows, Sequence):
                self._look_on(opened)
        return self._first.clear() if self._read else self._first

    def _look_on(self, frames: Iterator[pl.DataFrame]) -> None:
        """Look for the type of columns that have no value in the first rows."""
        unknown = [name for name, dtype in self._known.items() if dtype == pl.Null]
        while unknown and (frame := next(frames, None)) is not None:
            self._known.update({name: frame.schema[name] for name in unknown if name in frame.columns})
            unknown = [name for name in unknown if self._known[name] == pl.Null]

    def _kept(self) -> Iterator[pl.DataFrame]:
        assert self._first is not None
        assert self._opened is not None
        first, self._first = self._first, self._first.clear()
        yield first
        del first
        yield from self._opened

    def _frames(self) -> Iterator[pl.DataFrame]:
        rows = iter(self._rows() if callable(self._rows) else self._rows)
        before, names = 0, list[str]()
        for first in rows:
            if isinstance(first, Mapping):
                chunk = [first, *itertools.islice(rows, _ROWS - 1)]
                yield mappings_frame(chunk, before + 1)
                before += len(chunk)
                continue
            frame = _table(first, before)
            names = names or frame.columns
            _require_columns(self.name, frame, names, before)
            before += frame.height
            yield frame
        if not before and (schema := getattr(self._rows, "schema", None)) is not None:
            yield from_arrow(schema.empty_table())

    def _same(self, frame: pl.DataFrame, names: list[str], row: int) -> pl.DataFrame:
        if frame.columns == names:
            return frame
        more = [name for name in frame.columns if name not in names]
        if more:
            raise InvalidDataError(
                f"{self.name}: column {more[0]!r} is not in the first rows, and stands in the rows from {row:,} on",
                hint="give every row all columns, None where there is no value",
                context={"file": self.name, "row": row, "column": more[0]},
            )
        absent = [pl.lit(None).alias(name) for name in names if name not in frame.columns]
        return frame.with_columns(absent).select(names)

    def _require_kinds(self, frame: pl.DataFrame, row: int) -> None:
        """Refuse what would become a value of another kind; a value that does not fit is refused later, by its row."""
        for name, dtype in frame.schema.items():
            known = self._known[name]
            if name in self._declared or dtype == known or _one_kind(known, dtype):
                continue
            if known == pl.Null or not misfits(frame[name], cast_column(frame[name], known)).any():
                first = "no value" if known == pl.Null else str(known)
                raise InvalidDataError(
                    f"{self.name}: column {name} has {first} in the first rows, {dtype} in the rows from {row:,} on",
                    hint=f"declare column {name} in the schema, or give its values one type",
                    context={"file": self.name, "row": row, "column": name},
                )


def _one_kind(known: AnyType, dtype: AnyType) -> bool:
    if known == pl.Null:
        return dtype in (pl.Null, pl.String)
    if dtype == pl.Null or known == pl.String or isinstance(known, pl.Categorical | pl.Enum | pl.Array):
        return True
    if isinstance(known, pl.List) and isinstance(dtype, pl.List):
        return _one_kind(known.inner, dtype.inner)
    if isinstance(known, pl.Struct) and isinstance(dtype, pl.Struct):
        first, later = known.to_schema(), dtype.to_schema()
        return all(name in first and _one_kind(first[name], found) for name, found in later.items())
    if isinstance(known, pl.Datetime) and isinstance(dtype, pl.Datetime):
        return known.time_zone == dtype.time_zone
    return known.is_numeric() and dtype.is_numeric()


def _require_columns(source: str, frame: pl.DataFrame, names: list[str], before: int) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise InvalidDataError(
            f"{source}: the table after row {before:,} lacks {', '.join(missing[:5])}",
            hint="give all tables the columns of the first",
            context={"file": source, "row": before + 1, "column": missing[0]},
        )


def _table(item: Any, before: int) -> pl.DataFrame:
    if isinstance(item, pl.DataFrame):
        return item
    if hasattr(item, "__arrow_c_stream__") or hasattr(item, "__arrow_c_array__"):
        return from_arrow(item)
    raise InvalidDataError(
        f"iterable: item after row {before:,} is {type(item).__name__}, neither a mapping nor a table",
        hint="give mappings of column names to values, or frames",
        context={"row": before + 1},
    )


def mappings_frame(rows: Sequence[Any], first_row: int) -> pl.DataFrame:
    """Make a frame of mappings.

    Args:
        rows: The mappings; a column that a row lacks is missing there.
        first_row: Number of the first, for messages.

    Returns:
        The frame; for the types of its columns see ``value_column``.

    Raises:
        InvalidDataError: A row is no mapping, or a value is of a type that no column can hold.
    """
    names: dict[str, None] = {}
    for at, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidDataError(
                f"iterable: row {first_row + at:,} is {type(row).__name__}, and the rows before it are mappings",
                hint="give every row as a mapping of column names to values",
                context={"row": first_row + at},
            )
        if row.keys() - names.keys():
            names.update(dict.fromkeys(row))
    return pl.DataFrame([value_column(name, [row.get(name) for row in rows], first_row) for name in names])
