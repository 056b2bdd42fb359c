"""Rows as they were read, and the step from there to declared types that every table format shares.

Rule: what does not fit its column's type is an error that names file, row, line, column and value; of several, the
first row's. Cost: one vectorised cast a column.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.errors import InvalidDataError
from groundwork.storage._blocks import Progress
from groundwork.storage._cells import cast_column, misfit_advice, misfits

_SHOWN = 40

Lines = Sequence[int] | npt.NDArray[np.int64]


class Batch:
    """Some rows of a file, in order.

    Args:
        frame: The cells as the file holds them, or what reads them when they are asked for.
        first_row: Number of the first row, counted from 1.
        lines: Line of the file at which each row starts, counted from 1; None where the format has no lines.
        cells: The same rows, if a reader has brought some columns to their types on the way.

    Attributes:
        first_row: As given.
        lines: As given.
        cells: The rows. A column stands in its declared type if every cell of it is known to fit; else as in ``frame``.
    """

    def __init__(
        self,
        frame: pl.DataFrame | Callable[[], pl.DataFrame],
        first_row: int,
        lines: Lines | None,
        cells: pl.DataFrame | None = None,
    ) -> None:
        self._frame = frame
        self.first_row = first_row
        self.lines = lines
        self.cells: pl.DataFrame = self.frame if cells is None else cells

    @property
    def frame(self) -> pl.DataFrame:
        """The cells as the file holds them; of a text format every column is String."""
        return self.read()

    def read(self) -> pl.DataFrame:
        """Give ``frame``, which may have to be parsed."""
        if not isinstance(self._frame, pl.DataFrame):
            self._frame = self._frame()
        return self._frame


class Table(Protocol):
    """A file of rows, of any format."""

    name: str

    def found(self) -> Mapping[str, pl.DataType]:
        """Tell the columns and their types as the file itself gives them."""
        ...

    def batches(
        self, null_values: Sequence[str], progress: Progress | None, types: Mapping[str, pl.DataType] | None = None
    ) -> Iterator[Batch]:
        """Yield all rows from the first, in batches of the format's own size; types are what ``cells`` may have."""
        ...


def typed(batch: Batch, types: Mapping[str, pl.DataType], name: str) -> pl.DataFrame:
    """Bring every column of a batch to its type.

    Args:
        batch: The rows.
        types: A type for each column.
        name: The file as messages shall call it.

    Returns:
        The same rows.

    Raises:
        InvalidDataError: A value does not fit.
    """
    columns = [cast_column(column, types[column.name]) for column in batch.cells.iter_columns()]
    firsts = []
    for raw, values in zip(batch.cells.iter_columns(), columns, strict=True):
        if values.null_count() != raw.null_count() and (wrong := misfits(raw, values)).any():
            firsts.append((int(wrong.arg_true()[0]), raw.name))
    if firsts:
        at, column = min(firsts, key=lambda first: first[0])
        _refuse(batch, at, column, types[column], name)
    return pl.DataFrame(columns)


def _refuse(batch: Batch, at: int, column: str, dtype: pl.DataType, name: str) -> NoReturn:
    value = str(batch.frame[column][at])
    row = batch.first_row + at
    line = None if batch.lines is None else int(batch.lines[at])
    where = f"row {row:,}" if line is None else f"row {row:,} (line {line:,})"
    shown = f"{value[:_SHOWN]!r}{'…' if len(value) > _SHOWN else ''}"
    context: dict[str, Any] = {"file": name, "row": row, "line": line, "column": column, "value": value}
    raise InvalidDataError(
        f"{name}: {where}, column {column}: {shown} is not {dtype}", hint=misfit_advice(dtype, value), context=context
    )
