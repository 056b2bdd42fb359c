"""The rows of a loader, in the order of an epoch: a table in memory, taken from at will.

Rule: any range of an epoch's order can be had without the ranges before it, so that a resumed loader reads nothing
twice. Cost: eight bytes a row for the order; each row is copied once.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl

from groundwork.data._batch_order import Rows
from groundwork.data._batch_wish import Ordering, OrderWish
from groundwork.data._fingerprint import fingerprint

Ranges = Sequence[tuple[int, int]]

_BLOCK_ROWS = 32_768
_BLOCK_BYTES = 8 * 2**20


class EpochRows(Protocol):
    """The rows of one epoch, in its order."""

    def take(self, ranges: Ranges) -> pl.DataFrame:
        """Return the rows of these ranges (start, stop) of the order, one after the other."""


class TableRows(Protocol):
    """The rows of a table, whatever the epoch."""

    @property
    def height(self) -> int:
        """How many there are."""

    @property
    def schema(self) -> pl.Schema:
        """Names and types."""

    @property
    def rows_at_once(self) -> int:
        """How many rows are best taken at once."""

    @property
    def digest(self) -> str:
        """What tells this table from another."""

    @property
    def order(self) -> str:
        """The kind of order, in words."""

    def epoch(self, number: int) -> EpochRows:
        """Return the rows in the order of an epoch."""


def rows_within(size: int, frame: pl.DataFrame) -> int:
    """Tell how many rows like these fit into so many bytes, up to 32,768.

    Args:
        size: Bytes.
        frame: Rows of the same kind.

    Returns:
        At least 1.
    """
    return max(1, min(_BLOCK_ROWS, size * frame.height // max(1, int(frame.estimated_size()))))


class FrameRows:
    """A table in memory.

    Args:
        frame: The table.
        wish: The order.

    Raises:
        ConfigurationError: The column that the order looks at is of a type that cannot serve.
        InvalidDataError: There is no such column, or its values cannot serve.
    """

    def __init__(self, frame: pl.DataFrame, wish: OrderWish) -> None:
        # Of our own: whoever writes into the frame given changes neither batches nor digest.
        self.frame = frame.clone()
        self.ordering = Ordering(frame, wish)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.frame.height

    @property
    def schema(self) -> pl.Schema:
        """Names and types."""
        return self.frame.schema

    @cached_property
    def rows_at_once(self) -> int:
        """How many rows are best taken at once: few megabytes."""
        return rows_within(_BLOCK_BYTES, self.frame)

    @cached_property
    def digest(self) -> str:
        """Digest of the content."""
        return fingerprint(self.frame)

    @property
    def order(self) -> str:
        """The order in words."""
        return self.ordering.wish.words

    def epoch(self, number: int) -> EpochRows:
        """Return the rows in the order of an epoch."""
        return _FrameEpoch(self.frame, self.ordering.of(number))


class _FrameEpoch:
    def __init__(self, frame: pl.DataFrame, order: Rows | None) -> None:
        self._frame = frame
        self._order = order

    def take(self, ranges: Ranges) -> pl.DataFrame:
        if self._order is None:
            return pl.concat([self._frame[start:stop] for start, stop in joined(ranges)])
        return self._frame[positions(ranges, self._order)]


def joined(ranges: Ranges) -> list[tuple[int, int]]:
    """Join ranges that follow on one another.

    Args:
        ranges: In any order.

    Returns:
        As few ranges of the same numbers, in the same order.
    """
    found: list[tuple[int, int]] = []
    for start, stop in ranges:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def positions(ranges: Ranges, order: Rows) -> Rows:
    """Return what an order holds in these ranges.

    Args:
        ranges: Places in the order.
        order: Row numbers.

    Returns:
        Row numbers.
    """
    return np.concatenate([order[start:stop] for start, stop in joined(ranges)])
