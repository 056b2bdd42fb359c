"""The batches of an epoch, cut out of blocks.

Rule: rows are gathered by the block of up to 32,768 rows or 8 MiB, since many small batches at once are far cheaper
than one by one; a batch is a view of its block.
"""

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from groundwork.data._batch_arrays import ArrayColumns
from groundwork.data._batch_padding import Padding
from groundwork.data._batch_rows import FrameRows, TableRows, positions
from groundwork.data._batch_wish import Ordering

Transform = Callable[[pl.DataFrame], Any]


class Blocks:
    """An epoch's batches by the block; threads may ask together.

    Args:
        table: The rows.
        epoch: Which.
        numbers: Those of the batches that this loader delivers.
        batch_size: Rows of a batch.
        padding: What is padded.
    """

    def __init__(self, table: TableRows, epoch: int, numbers: range, batch_size: int, padding: Padding) -> None:
        self._rows = table.epoch(epoch)
        self._numbers = numbers
        self._size = batch_size
        self._padding = padding
        self._height = table.height
        self._each = max(1, table.rows_at_once // batch_size)
        self._lock = Lock()
        self._kept: dict[int, list[pl.DataFrame]] = {}

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return -(-len(self._numbers) // self._each)

    def number(self, at: int) -> int:
        """Return the number in its epoch of the batch that comes at a place."""
        return self._numbers[at]

    def batches(self, block: int) -> list[pl.DataFrame]:
        """Gather the batches of a block."""
        numbers = self._numbers[block * self._each : (block + 1) * self._each]
        ranges = _ranges(numbers, self._size, self._height)
        rows = self._rows.take(ranges)
        lengths = [stop - start for start, stop in ranges]
        return [self._padding(rows.slice(at * self._size, length)) for at, length in enumerate(lengths)]

    def batch(self, at: int) -> pl.DataFrame:
        """Return the batch that comes at a place."""
        block, place = divmod(at, self._each)
        with self._lock:
            if block not in self._kept:
                # Threads may lag by a block; what lies further back nobody asks for again.
                self._kept = {old: kept for old, kept in self._kept.items() if old == block - 1}
                self._kept[block] = self.batches(block)
            return self._kept[block][place]


class Make:
    """Makes what is delivered: a batch, transformed.

    Args:
        blocks: Where the batches come from.
        transform: Makes of a frame what is delivered.
        epoch: For messages.
    """

    def __init__(self, blocks: Blocks, transform: Transform, epoch: int) -> None:
        self._blocks = blocks
        self._transform = transform
        self._epoch = epoch

    def __call__(self, at: int) -> Any:
        frame = self._blocks.batch(at)
        try:
            return self._transform(frame)
        except Exception as error:
            error.add_note(f"while making batch {self._blocks.number(at)} of epoch {self._epoch} (both counted from 0)")
            raise


class ArrayBatches:
    """Makes batches of arrays from a table in memory; no polars once it is made.

    Args:
        table: The table.
        padding: What is padded.
    """

    bears_fork = True
    gives_arrays = True

    def __init__(self, table: FrameRows, padding: Padding) -> None:
        self._columns = ArrayColumns(table.frame, padding.fill)
        self._ordering: Ordering = table.ordering
        self._rows_at_once = table.rows_at_once

    def __call__(self, epoch: int, numbers: range) -> Iterator[Any]:
        """Yield the batches of these numbers."""
        size, height = self._ordering.wish.batch_size, self._ordering.height
        order = self._ordering.of(epoch)
        order = np.arange(height) if order is None else order
        each = max(1, self._rows_at_once // size)
        for first in range(0, len(numbers), each):
            ranges = _ranges(numbers[first : first + each], size, height)
            yield from self._columns.batches(positions(ranges, order), [stop - start for start, stop in ranges])


class FrameBatches:
    """Makes batches from frames: what a transform makes of them, else arrays.

    Args:
        table: The table.
        batch_size: Rows of a batch.
        padding: What is padded.
        transform: The user's.
    """

    bears_fork = False

    def __init__(self, table: TableRows, batch_size: int, padding: Padding, transform: Transform | None) -> None:
        self.gives_arrays = transform is None
        self._table = table
        self._batch_size = batch_size
        self._padding = padding
        self._transform = transform or _arrays

    def __call__(self, epoch: int, numbers: range) -> Iterator[Any]:
        """Yield the batches of these numbers."""
        blocks = Blocks(self._table, epoch, numbers, self._batch_size, self._padding)
        return map(Make(blocks, self._transform, epoch), range(len(numbers)))


def _arrays(frame: pl.DataFrame) -> dict[str, Any]:
    return ArrayColumns(frame, {}).batches(np.arange(frame.height), [frame.height])[0]


def _ranges(numbers: range, size: int, height: int) -> list[tuple[int, int]]:
    return [(number * size, min((number + 1) * size, height)) for number in numbers]
