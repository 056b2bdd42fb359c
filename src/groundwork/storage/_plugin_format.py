"""Tables in a format that a plugin reads.

Rule: the plugin is asked for a suffix that groundwork does not know itself, and its table keeps the types that it has.
Memory: the whole table, which the plugin reads in one piece.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from groundwork import environment
from groundwork.errors import InvalidDataError, UsageError, first_line
from groundwork.storage._batch import Batch
from groundwork.storage._blocks import Progress
from groundwork.storage._formats import read
from groundwork.storage._parquet import without_missing

_ROWS = 65_536


class PluginTable:
    """A file whose suffix is the name of a format plugin.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._frame: pl.DataFrame | None = None

    def found(self) -> Mapping[str, pl.DataType]:
        """Tell the columns and their types; reads the file.

        Raises:
            InvalidDataError: The plugin cannot read it.
            StorageError: The file cannot be read.
            UsageError: What the plugin reads is no table.
        """
        return self._read().schema

    def batches(
        self,
        null_values: Sequence[str] = (),
        progress: Progress | None = None,
        types: Mapping[str, pl.DataType] | None = None,
    ) -> Iterator[Batch]:
        """Yield all rows from the first.

        Args:
            null_values: Texts that mean missing.
            progress: Called at the end, with the file's bytes.
            types: Not used: cells come as the plugin gives them.

        Yields:
            Batches of at least one row.

        Raises:
            InvalidDataError: See ``found``.
        """
        row = 1
        for part in self._read().iter_slices(_ROWS):
            if part.height:
                yield Batch(without_missing(part, null_values), row, None)
                row += part.height
        if progress is not None:
            size = self._path.stat().st_size
            progress(size, size)

    def _read(self) -> pl.DataFrame:
        if self._frame is None:
            self._frame = _table(read(self._path), self.name)
        return self._frame


def reads_tables(suffix: str) -> bool:
    """Say whether a plugin reads files of a suffix.

    Args:
        suffix: As ``.fwf``.

    Raises:
        UnknownPluginError: A plugin has this name and cannot be used.
    """
    return callable(getattr(environment.look_for_plugin("format", suffix.removeprefix(".")), "read", None))


def _table(value: Any, name: str) -> pl.DataFrame:
    if isinstance(value, pl.DataFrame):
        return value
    if not hasattr(value, "__arrow_c_stream__"):
        raise UsageError(
            f"{name}: its format plugin read {type(value).__name__}, which is no table",
            hint="let read return a polars, pandas or pyarrow table",
        )
    try:
        return pl.DataFrame(value)
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(f"{name}: its table cannot be read: {first_line(error)}") from error
