"""The rows of a loader, in the order of an epoch: Parquet files larger than memory.

Rule: the table is cut into blocks of rows; an epoch is an exact permutation of the blocks, and as many of them as fit
into ``buffer_rows`` (a window) are an exact permutation of their rows. Every row comes once; but a row meets only the
rows of the blocks that fell into its window. Any window is read by itself, so that resuming reads one, not all before.
Memory: two windows, and a third while it is put together. Cost: each block unpacks the row group it lies in.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from groundwork.data._batch_order import OF_BLOCKS, OF_WINDOWS, Rows, shuffled
from groundwork.data._batch_rows import EpochRows, Ranges, joined, rows_within
from groundwork.data._batch_wish import OrderWish
from groundwork.data._dataset import Dataset
from groundwork.data._file_digest import files_digest
from groundwork.errors import ConfigurationError, InvalidDataError, StorageError, first_line

_SUFFIXES = (".parquet", ".pq")
_LARGEST_BLOCK = 65_536
_BLOCKS_OF_A_WINDOW = 8
_WINDOW_BYTES = 8 * 2**20


class FileRows:
    """A table in Parquet files, read by the block.

    Args:
        dataset: Of one or several Parquet files.
        wish: The order; shuffled or the table's own.
        buffer_rows: Rows of a window.

    Raises:
        ConfigurationError: The dataset is not of plain Parquet files, or the order needs the whole table.
        InvalidDataError: A file is damaged.
        StorageError: A file cannot be read.
    """

    def __init__(self, dataset: Dataset, wish: OrderWish, buffer_rows: int) -> None:
        self._files = _parquet_files(dataset)
        if wish.column is not None:
            raise ConfigurationError(
                f"batches {wish.words} need the whole table in memory", hint="leave buffer_rows out, or only shuffle"
            )
        self._dataset = dataset
        self._wish = wish
        self._buffer_rows = buffer_rows
        self._block_rows = min(_LARGEST_BLOCK, max(1, buffer_rows // _BLOCKS_OF_A_WINDOW))
        self.schema = pl.Schema(dataset.columns())
        self.height = int(_collect(self._scan().select(pl.len()), self._files).item())

    @cached_property
    def rows_at_once(self) -> int:
        """How many rows are best taken at once."""
        return rows_within(_WINDOW_BYTES, self.block(0)) if self.height else 1

    @cached_property
    def digest(self) -> str:
        """Digest of types and files, of large ones by a sample of their bytes; see ``files_digest``."""
        return files_digest(self._files, f"{self.schema!r} {self._dataset.null_values!r}")

    @property
    def order(self) -> str:
        """The order in words."""
        return f"{self._wish.words}, {self._buffer_rows} rows at a time" if self._wish.shuffle else self._wish.words

    def epoch(self, number: int) -> EpochRows:
        """Return the rows in the order of an epoch."""
        blocks = -(-self.height // self._block_rows)
        order: Rows = shuffled(blocks, self._wish.seed, number, OF_BLOCKS) if self._wish.shuffle else np.arange(blocks)
        each = max(1, self._buffer_rows // self._block_rows)
        sizes = np.minimum(self._block_rows, self.height - order * self._block_rows)
        return _FileEpoch(self, number, [order[first : first + each] for first in range(0, blocks, each)], sizes)

    def window(self, epoch: int, number: int, blocks: Rows) -> tuple[pl.DataFrame, Rows]:
        """Read blocks, and draw the order of their rows.

        Args:
            epoch: The epoch.
            number: Of the window in the epoch.
            blocks: Which blocks.

        Returns:
            Their rows, and the row numbers within them in order.
        """
        rows = pl.concat([self.block(int(block)) for block in blocks], rechunk=True)
        if not self._wish.shuffle:
            return rows, np.arange(rows.height)
        return rows, shuffled(rows.height, self._wish.seed, epoch, OF_WINDOWS, number)

    def block(self, number: int) -> pl.DataFrame:
        """Read a block, validated.

        Args:
            number: Which.

        Returns:
            Its rows.

        Raises:
            InvalidDataError: A row breaks the schema, or the file is damaged.
            StorageError: The file cannot be read.
        """
        rows = _collect(self._scan().slice(number * self._block_rows, self._block_rows), self._files)
        try:
            return Dataset.scan(rows, schema=self._dataset.schema, null_values=self._dataset.null_values).collect()
        except InvalidDataError as error:
            first = number * self._block_rows
            raise InvalidDataError(
                f"{_names(self._files)}, rows {first + 1:,} to {first + rows.height:,}: {error.message}",
                hint=error.hint,
                context=error.context,
            ) from error

    def _scan(self) -> pl.LazyFrame:
        return pl.scan_parquet(list(self._files), glob=False)


class _FileEpoch:
    def __init__(self, table: FileRows, epoch: int, windows: list[Rows], sizes: Rows) -> None:
        self._table = table
        self._epoch = epoch
        self._windows = windows
        each = len(windows[0]) if windows else 1
        rows = np.add.reduceat(sizes, np.arange(0, len(sizes), each)) if windows else np.empty(0, np.int64)
        self._ends: Rows = np.cumsum(rows)
        self._lock = Lock()
        self._kept: dict[int, tuple[pl.DataFrame, Rows]] = {}

    def take(self, ranges: Ranges) -> pl.DataFrame:
        parts = [part for start, stop in joined(ranges) for part in self._parts(start, stop)]
        return pl.concat(parts, rechunk=True)

    def _parts(self, start: int, stop: int) -> Iterator[pl.DataFrame]:
        while start < stop:
            number = int(np.searchsorted(self._ends, start, side="right"))
            begin = int(self._ends[number - 1]) if number else 0
            upto = min(stop, int(self._ends[number]))
            rows, order = self._window(number)
            yield rows[order[start - begin : upto - begin]]
            start = upto

    def _window(self, number: int) -> tuple[pl.DataFrame, Rows]:
        with self._lock:
            if number not in self._kept:
                # Threads may lag by a window; what lies further back nobody asks for again.
                self._kept = {old: kept for old, kept in self._kept.items() if old == number - 1}
                self._kept[number] = self._table.window(self._epoch, number, self._windows[number])
            return self._kept[number]


def _parquet_files(dataset: Any) -> Sequence[Path]:
    files = dataset.files if isinstance(dataset, Dataset) else ()
    if not files or any(file.suffix.lower() not in _SUFFIXES for file in files):
        raise ConfigurationError(
            "buffer_rows is for a Dataset of Parquet files, which can be read from anywhere in them",
            hint="write one, as dataset.sink('rows.parquet'), and scan that; or leave buffer_rows out",
        )
    return files


def _collect(query: pl.LazyFrame, files: Sequence[Path]) -> pl.DataFrame:
    try:
        return query.collect(engine="streaming")
    except FileNotFoundError as error:
        raise StorageError(f"{files[0]} cannot be read: {first_line(error)}", hint="check the path") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InvalidDataError(
            f"{_names(files)}: {first_line(error)}", hint="fetch or write the files again"
        ) from error


def _names(files: Sequence[Path]) -> str:
    return files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
