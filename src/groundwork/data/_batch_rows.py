"""The rows of a loader, in the order of an epoch: a table in memory, taken from at will.

Rule: any range of an epoch's order can be had without the ranges before it, so that a resumed loader reads nothing
twice. Cost: eight bytes a row for the order; each row is copied once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._batch_order import OF_ROWS, Rows, bucketed, shuffled, stratified, weighted
from groundwork.data._columns import require_columns
from groundwork.data._fingerprint import fingerprint
from groundwork.errors import ConfigurationError, InvalidDataError

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


@dataclass(frozen=True)
class OrderWish:
    """How a user wants the rows ordered.

    Attributes:
        batch_size: Rows of a batch.
        seed: Of every draw.
        shuffle: Whether to shuffle.
        stratify: Column of classes, or None.
        weights: Column of weights, or None.
        bucket_by: Column of lengths, or None.
    """

    batch_size: int
    seed: int
    shuffle: bool
    stratify: str | None = None
    weights: str | None = None
    bucket_by: str | None = None

    @property
    def column(self) -> str | None:
        """The column that the order looks at."""
        return self.stratify or self.weights or self.bucket_by

    @property
    def words(self) -> str:
        """The order in words, which a state carries."""
        base = "shuffled" if self.shuffle else "as in the table"
        for kind, name in (("stratified", self.stratify), ("weighted", self.weights), ("bucketed", self.bucket_by)):
            if name is not None:
                base = f"{kind} by {name[:200]}" + (", shuffled" if self.shuffle and kind != "weighted" else "")
        return base


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
        self.frame = frame
        self._wish = wish
        self._order = _orderer(frame, wish)

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
        return self._wish.words

    def order_of(self, epoch: int) -> Rows | None:
        """Return the row numbers in an epoch's order; None for the table's own."""
        return self._order(epoch) if self.height else None

    def epoch(self, number: int) -> EpochRows:
        """Return the rows in the order of an epoch."""
        return _FrameEpoch(self.frame, self.order_of(number))


class _FrameEpoch:
    def __init__(self, frame: pl.DataFrame, order: Rows | None) -> None:
        self._frame = frame
        self._order = order

    def take(self, ranges: Ranges) -> pl.DataFrame:
        if self._order is None:
            return pl.concat([self._frame[start:stop] for start, stop in ranges])
        return self._frame[np.concatenate([self._order[start:stop] for start, stop in ranges])]


def _orderer(frame: pl.DataFrame, wish: OrderWish) -> Callable[[int], Rows | None]:
    if wish.column is not None:
        require_columns(frame, [wish.column])
    size, seed, shuffle = wish.batch_size, wish.seed, wish.shuffle
    if wish.stratify is not None:
        codes = _codes(frame[wish.stratify])
        return lambda epoch: stratified(codes, size, seed, epoch, shuffle=shuffle)
    if wish.weights is not None:
        weights = _weights(frame[wish.weights])
        return lambda epoch: weighted(weights, seed, epoch)
    if wish.bucket_by is not None:
        lengths = _lengths(frame[wish.bucket_by])
        return lambda epoch: bucketed(lengths, size, seed, epoch, shuffle=shuffle)
    return lambda epoch: shuffled(frame.height, seed, epoch, OF_ROWS) if shuffle else None


def _codes(values: pl.Series) -> Rows:
    if values.dtype.is_nested():
        raise ConfigurationError(f"column {values.name} of {values.dtype} holds no classes", hint="name another column")
    # Missing is a class of its own; codes go by the text, which is the same everywhere.
    return values.cast(pl.String).rank("dense").fill_null(0).rank("dense").to_numpy().astype(np.int64) - 1


def _weights(values: pl.Series) -> npt.NDArray[np.float64]:
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise ConfigurationError(
            f"column {values.name} of {values.dtype} holds no weights", hint="name a column of numbers"
        )
    weights = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    wrong = np.flatnonzero(~((weights >= 0) & (weights < np.inf)))
    if len(wrong):
        row = int(wrong[0])
        raise InvalidDataError(
            f"weight {values[row]!r} of {values.name} (row {row + 1:,}) is no weight; {len(wrong):,} rows are so",
            hint="weights are finite and not negative; fill or drop these rows",
            context={"column": values.name, "row": row + 1, "count": len(wrong)},
        )
    if len(weights) and not 0 < weights.sum() < np.inf:
        raise InvalidDataError(
            f"the weights of {values.name} sum up to {weights.sum()}", hint="at least one row needs a weight above 0"
        )
    return weights


def _lengths(values: pl.Series) -> Rows:
    if isinstance(values.dtype, pl.List):
        values = values.list.len()
    elif values.dtype == pl.String:
        values = values.str.len_chars()
    elif not values.dtype.is_integer():
        raise ConfigurationError(
            f"column {values.name} of {values.dtype} holds no lengths",
            hint="name a column of whole numbers, lists or texts",
        )
    return values.cast(pl.Int64).fill_null(0).to_numpy()
