"""Which source stands behind what a caller gives as a table.

Rule: the kind is told by what the object offers, and no library is imported to ask.
"""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import polars as pl

from groundwork.data._arrays import frame_of_array, frame_of_columns
from groundwork.data._file_source import files_of
from groundwork.data._frame_source import FrameSource, QuerySource
from groundwork.data._iterable_source import IterableSource
from groundwork.data._sources import Source
from groundwork.data._tables import from_arrow
from groundwork.errors import UsageError


def source_of(table: Any, *, member: str | None, names: Sequence[str] | None) -> Source:
    """Find the source behind a table.

    Args:
        table: See ``Dataset.scan``.
        member: Which file of a zip.
        names: The columns of an array of two dimensions.

    Returns:
        The source.

    Raises:
        UsageError: It is no table, or what is told beside does not go with it.
        StorageError: A pattern matches no file.
        InvalidDataError: Its columns cannot be read.
    """
    if isinstance(table, str | PathLike) or _is_paths(table):
        return files_of(table, member)
    if member is not None:
        raise UsageError(f"member={member!r} is for files", hint="leave it out")
    if isinstance(table, np.ndarray):
        return FrameSource(frame_of_array(table, names), "array")
    if names is not None:
        raise UsageError("names= is for an array of two dimensions", hint="leave it out")
    return _in_memory(table)


def _in_memory(table: Any) -> Source:
    if isinstance(table, pl.DataFrame):
        return FrameSource(table)
    if isinstance(table, pl.LazyFrame):
        return QuerySource(table)
    if hasattr(table, "__next__"):  # an Arrow reader offers itself as a table too, and must not be read whole
        return IterableSource(table)
    if hasattr(table, "__arrow_c_stream__"):
        return FrameSource(from_arrow(table))
    if isinstance(table, Mapping):
        return FrameSource(frame_of_columns(table), "columns")
    if isinstance(table, Iterable) or callable(table):
        if isinstance(table, bytes | bytearray | memoryview):
            raise UsageError("bytes are no table", hint="pass the path of a file")
        return IterableSource(table)
    raise UsageError(
        f"no table can be read from {type(table).__name__}",
        hint="pass a path, a polars, pandas or pyarrow table, arrays, or an iterable of mappings",
    )


def _is_paths(table: Any) -> bool:
    return isinstance(table, list | tuple) and bool(table) and isinstance(table[0], str | PathLike)
