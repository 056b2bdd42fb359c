"""What a dataset reads: the one shape that files, frames, queries and iterables share.

Rule: a source tells its columns before any row is asked for, and gives its rows in pieces, in order, each row with the
place where it stands. Memory: one piece, whatever the size of the source.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

Progress = Callable[[int, int], None]
DTypes = Mapping[str, pl.DataType | type[pl.DataType]]
Lines = Sequence[int] | npt.NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """Some rows of a source.

    Attributes:
        cells: The rows. A column stands in its settled type if every cell is known to fit, else as in the source.
        file: The file, or what the source is called.
        first_row: Number of the first row within that file, counted from 1 after the header.
        lines: The line at which each row begins, embedded newlines counted; None where there are no lines.
        as_read: Reads the cells as they stand in the source, where ``cells`` holds others.
    """

    cells: pl.DataFrame
    file: str
    first_row: int
    lines: Lines | None = None
    as_read: Callable[[], pl.DataFrame] | None = None

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as they stand in the source; of a text format every column is String."""
        return self.cells if self.as_read is None else self.as_read()

    def line(self, at: int) -> int | None:
        """Tell the line of the row at a position, or None.

        Args:
            at: Position within the piece, from 0.
        """
        return None if self.lines is None else int(self.lines[at])

    def places(self) -> pl.DataFrame:
        """Tell file, row and line of every row."""
        height = self.cells.height
        row = pl.int_range(self.first_row, self.first_row + height, dtype=pl.Int64, eager=True)
        line = (
            pl.Series([None], dtype=pl.Int64).new_from_index(0, height)
            if self.lines is None
            else pl.Series(np.asarray(self.lines, np.int64))
        )
        file = pl.Series([self.file], dtype=pl.String).new_from_index(0, height)
        return pl.DataFrame({"file": file, "row": row, "line": line})


class Source(Protocol):
    """Where rows come from."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it reads, in order; empty for what is in memory."""
        ...

    @property
    def rereadable(self) -> bool:
        """Whether the rows can be read more than once."""
        ...

    def types(self, declared: DTypes, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Settle names and types of the columns."""
        ...

    def raw_types(self, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Tell names and types of the cells as ``pieces`` gives them."""
        ...

    def pieces(
        self, null_values: Sequence[str], progress: Progress | None, types: Mapping[str, pl.DataType] | None = None
    ) -> Iterator[Piece]:
        """Yield all rows from the first; a source that parses text may bring columns to these types on the way."""
        ...


def without(frame: pl.DataFrame, null_values: Sequence[str]) -> pl.DataFrame:
    """Take the texts that mean missing out of the columns of text.

    Args:
        frame: The rows.
        null_values: The texts.

    Returns:
        The rows with null in their place.
    """
    if not null_values or pl.String not in frame.dtypes:
        return frame
    missing: Any = pl.col(pl.String).is_in(list(null_values))
    return frame.with_columns(pl.when(~missing).then(pl.col(pl.String)).name.keep())
