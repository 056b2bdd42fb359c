"""Tables in memory, and queries that are run as their rows are asked for.

Rule: the caller's table is never changed. Memory: a frame is cut into slices that share its memory; a query streams,
and holds what polars' engine needs for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from groundwork.data._sources import DTypes, Piece, Progress, without
from groundwork.errors import InvalidDataError, first_line

_SLICE = 262_144
_STREAMED = 65_536


class FrameSource:
    """A frame in memory.

    Args:
        frame: The rows.
        name: What messages call it.
    """

    files: tuple[Path, ...] = ()
    rereadable = True

    def __init__(self, frame: pl.DataFrame, name: str = "frame") -> None:
        self.frame = frame
        self.name = name

    def types(self, declared: DTypes, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Settle the columns; see ``settled``."""
        return settled(self.name, dict(self.frame.schema), declared)

    def raw_types(self, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Tell the frame's own types."""
        return dict(self.frame.schema)

    def pieces(
        self, null_values: Sequence[str], progress: Progress | None, types: Mapping[str, pl.DataType] | None = None
    ) -> Iterator[Piece]:
        """Yield slices of the frame."""
        return _placed(self.frame.iter_slices(_SLICE), self.name, null_values)


class QuerySource:
    """A polars query, run anew for each reading.

    Args:
        query: The query; it is not collected but streamed.
    """

    files: tuple[Path, ...] = ()
    rereadable = True
    name = "query"

    def __init__(self, query: pl.LazyFrame) -> None:
        self.query = query

    def types(self, declared: DTypes, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Settle the columns; see ``settled``."""
        return settled(self.name, self.raw_types(null_values), declared)

    def raw_types(self, null_values: Sequence[str]) -> dict[str, pl.DataType]:
        """Tell the types that the query gives."""
        with _told():
            return dict(self.query.collect_schema())

    def pieces(
        self, null_values: Sequence[str], progress: Progress | None, types: Mapping[str, pl.DataType] | None = None
    ) -> Iterator[Piece]:
        """Run the query and yield its rows in order.

        Raises:
            InvalidDataError: The query fails.
        """
        return _placed(self._frames(), self.name, null_values)

    def _frames(self) -> Iterator[pl.DataFrame]:
        with _told():
            yield from self.query.collect_batches(
                chunk_size=_STREAMED, maintain_order=True, lazy=True, engine="streaming"
            )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InvalidDataError(
            f"the query cannot be run: {first_line(error)}", hint="run it with .collect() to see where it fails"
        ) from error


def settled(name: str, found: dict[str, pl.DataType], declared: DTypes) -> dict[str, pl.DataType]:
    """Settle the type of every column of a table that has types of its own.

    Args:
        name: What messages call the table.
        found: Its types.
        declared: Types by name; the zone of a ``pl.Datetime`` without arguments is the table's, text has none.

    Returns:
        Type by name, in the table's order.

    Raises:
        InvalidDataError: A declared column is not there.
    """
    missing = [column for column in declared if column not in found]
    if missing:
        raise InvalidDataError(
            f"the {name} has no column {missing[0]!r}",
            hint=f"it has {', '.join(list(found)[:20])}",
            context={"column": missing[0], "missing": missing},
        )
    return {column: _settled(dtype, declared.get(column, dtype)) for column, dtype in found.items()}


def _settled(found: pl.DataType, wanted: Any) -> pl.DataType:
    if wanted is pl.Datetime:
        return found if isinstance(found, pl.Datetime) else pl.Datetime("us")
    dtype: pl.DataType = wanted() if isinstance(wanted, type) else wanted
    return dtype


def _placed(frames: Iterator[pl.DataFrame], name: str, null_values: Sequence[str]) -> Iterator[Piece]:
    row = 1
    for frame in frames:
        if frame.height:
            yield Piece(without(frame, null_values), name, row)
            row += frame.height
