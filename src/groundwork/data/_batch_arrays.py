"""A table as numpy arrays, gathered without polars.

Rule: what polars may not do, in a process that was forked, numpy may: after ``ArrayColumns`` is made, nothing of polars
is touched. A missing value never becomes a number in silence: it is NaN where the column has NaN, an error elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._batch_order import Rows
from groundwork.data._batch_padding import filled_up, flattened
from groundwork.errors import InvalidDataError

Array = npt.NDArray[Any]


class Column(Protocol):
    """The values of one column."""

    def batches(self, name: str, rows: Rows, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield, for each batch of these rows, what stands under this name and names beside it."""


class ArrayColumns:
    """The columns of a table.

    Args:
        frame: The table.
        fill: For columns of lists, what pads them.

    Raises:
        InvalidDataError: A number or boolean is missing where the type has no NaN.
    """

    def __init__(self, frame: pl.DataFrame, fill: Mapping[str, Any]) -> None:
        self._columns = {column.name: _column(column, fill) for column in frame.get_columns()}

    def batches(self, rows: Rows, sizes: Sequence[int]) -> list[dict[str, Any]]:
        """Gather batches.

        Args:
            rows: The row numbers of all of them.
            sizes: Rows of each.

        Returns:
            One mapping of names to arrays (or lists, of what is no number) a batch.
        """
        batches: list[dict[str, Any]] = [{} for _ in sizes]
        for name, column in self._columns.items():
            for batch, values in zip(batches, column.batches(name, rows, sizes), strict=True):
                batch.update(values)
        return batches


class _Plain:
    """Numbers, booleans, or arrays of them."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def batches(self, name: str, rows: Rows, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
        gathered = self._values.take(rows, axis=0)
        for part in _parts(gathered, sizes):
            yield {name: part}


class _Listed:
    """What no array of numbers can hold: text, times, lists that nobody pads."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def batches(self, name: str, rows: Rows, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
        for part in _parts(rows, sizes):
            yield {name: [self._values[row] for row in part]}


class _Padded:
    """Lists of numbers, padded to the longest of a batch."""

    def __init__(self, lists: pl.Series, fill: Any) -> None:
        values, self._lengths = flattened(lists)
        self._values = _numbers(values)
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._fill = fill

    def batches(self, name: str, rows: Rows, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
        for part in _parts(rows, sizes):
            lengths = self._lengths[part]
            within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            own = self._values[np.repeat(self._starts[part], lengths) + within]
            padded, mask = filled_up(own, lengths, self._fill)
            yield {name: padded, f"{name}_length": lengths, f"{name}_mask": mask}


def _column(values: pl.Series, fill: Mapping[str, Any]) -> Column:
    if values.name in fill:
        return _Padded(values, fill[values.name])
    inner = values.dtype
    while isinstance(inner, pl.Array):
        inner = inner.inner  # type: ignore[assignment]
    if (inner.is_numeric() and not inner.is_decimal()) or inner == pl.Boolean:
        return _Plain(_numbers(values))
    return _Listed(values.to_list())


def _numbers(values: pl.Series) -> Array:
    flat = values
    while isinstance(flat.dtype, pl.Array):
        flat = flat.drop_nulls().explode()
    missing = values.null_count() or flat.null_count()
    if missing and not flat.dtype.is_float():
        raise InvalidDataError(
            f"column {values.name} lacks {missing:,} values, and {values.dtype} has no number for that",
            hint="fill them, cast the column to Float64 (missing becomes NaN), or leave it out",
            context={"column": values.name, "count": missing},
        )
    # A copy of ours: torch wants memory that may be written, and polars' may not.
    return np.array(values.to_numpy(), order="C")


def _parts(values: Array, sizes: Sequence[int]) -> Iterator[Array]:
    ends = np.cumsum([0, *sizes]).tolist()
    return (values[start:stop] for start, stop in pairwise(ends))
