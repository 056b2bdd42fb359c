"""Rows that a program makes: mappings one by one, or frames.

Rule: what can be read once only is never read a second time in part; the second reading is refused. The columns are
those of the first rows, and a later row that does not fit them is an error. Memory: 10,000 mappings, or one frame.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from numbers import Number
from pathlib import Path
from typing import Any

import polars as pl

from groundwork.data._frame_source import settled
from groundwork.data._sources import DTypes, Piece, Progress, without
from groundwork.data._tables import from_arrow
from groundwork.errors import InvalidDataError, UsageError

_ROWS = 10_000


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
        self._opened: Iterator[pl.DataFrame] | None = None
        self._read = False

    def types(self, declared: DTypes, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Settle the columns by the first rows; see ``settled``."""
        found = self.raw_types(null_values)
        if not found and declared:
            found = {name: pl.String() for name in declared}
        return settled(self.name, found, declared)

    def raw_types(self, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Tell the types of the first rows; a column without any value is text."""
        first = self._peek()
        return {name: pl.String() if dtype == pl.Null else dtype for name, dtype in first.schema.items()}

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
                yield Piece(without(self._same(frame, names, row), null_values), self.name, row)
                row += frame.height

    def _peek(self) -> pl.DataFrame:
        if self._first is None:
            opened = self._frames()
            self._first = next(opened, pl.DataFrame())
            if not self.rereadable:
                self._opened = opened
        return self._first.clear() if self._read else self._first

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
        The frame. A column of one type has it, whole numbers among fractions are fractions, and whatever mixes is text.

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
    return pl.DataFrame([_column(name, [row.get(name) for row in rows], first_row) for name in names])


def _column(name: str, values: list[Any], first_row: int) -> pl.Series:
    try:
        column = pl.Series(name, values)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return _mixed(name, values, first_row)
    return column if column.dtype != pl.Object else _mixed(name, values, first_row)


def _mixed(name: str, values: list[Any], first_row: int) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and all(value is None or float(value) == value or value != value for value in values):
        return pl.Series(name, [None if value is None else float(value) for value in values], pl.Float64)
    return pl.Series(name, [_text(value, first_row + at, name) for at, value in enumerate(values)], pl.String)


def _text(value: Any, row: int, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, default=str)
    raise InvalidDataError(
        f"iterable: row {row:,}, column {name}: {str(value)[:40]!r} is {type(value).__name__}, which no column holds",
        hint="give text, a number, a truth value, a date or time, or a list or mapping of these",
        context={"row": row, "column": name},
    )
