"""What an order of rows is made of: the user's wish, and the one column that it looks at.

Rule: the column is checked once, before the first batch, and kept as numbers: 8 bytes a row. An ordering survives
pickle and needs no polars afterwards, so that a forked process may use it.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._batch_order import OF_ROWS, Rows, bucketed, shuffled, stratified, weighted
from groundwork.data._columns import require_columns
from groundwork.errors import ConfigurationError, InvalidDataError

_LONGEST_NAME = 200


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
                base = f"{kind} by {_short(name)}" + (", shuffled" if self.shuffle and kind != "weighted" else "")
        return base


def _short(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return name[:100] + hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Ordering:
    """The order of a table's rows in each epoch.

    Args:
        frame: The table.
        wish: The order wanted.

    Raises:
        ConfigurationError: The column that the order looks at is of a type that cannot serve.
        InvalidDataError: There is no such column, or its values cannot serve.
    """

    def __init__(self, frame: pl.DataFrame, wish: OrderWish) -> None:
        if wish.column is not None:
            require_columns(frame, [wish.column])
        self.wish = wish
        self.height = frame.height
        self._codes = None if wish.stratify is None else _codes(frame[wish.stratify])
        self._weights = None if wish.weights is None else _weights(frame[wish.weights])
        self._lengths = None if wish.bucket_by is None else _lengths(frame[wish.bucket_by])

    def of(self, epoch: int) -> Rows | None:
        """Return the row numbers in an epoch's order, or None for the table's own.

        Args:
            epoch: Its number.
        """
        wish = self.wish
        if not self.height:
            return None
        if self._codes is not None:
            return stratified(self._codes, wish.batch_size, wish.seed, epoch, shuffle=wish.shuffle)
        if self._weights is not None:
            return weighted(self._weights, wish.seed, epoch)
        if self._lengths is not None:
            return bucketed(self._lengths, wish.batch_size, wish.seed, epoch, shuffle=wish.shuffle)
        return shuffled(self.height, wish.seed, epoch, OF_ROWS) if wish.shuffle else None


def _codes(values: pl.Series) -> Rows:
    if values.dtype.is_nested():
        raise ConfigurationError(f"column {values.name} of {values.dtype} holds no classes", hint="name another column")
    if isinstance(values.dtype, pl.Boolean | pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    # Missing is a class of its own. Codes go by the sorted values, which is the same everywhere.
    ranks = values.rank("dense").cast(pl.Int64)
    return (ranks if values.null_count() else ranks - 1).fill_null(0).to_numpy()


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
