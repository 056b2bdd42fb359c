"""Which rows repeat a key that came before, across all batches.

Rule: exact within a batch (polars compares the values); across batches whole numbers, dates, times and fractions are
compared as they are, text and keys of several columns by 128 bits of hash, whose chance of a false alarm is 1e-20 at
a hundred million rows. Missing never repeats missing.
Memory: 8 bytes a row, 16 where hashed; twice that while sorted runs are merged, as a log-structured tree merges them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_Keys = npt.NDArray[np.uint64]
_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
_SEEDS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)


class SeenKeys:
    """The keys of all rows so far.

    Args:
        columns: The columns whose values together are the key.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self._runs: list[_Run] = []

    def repeated(self, frame: pl.DataFrame) -> pl.Series | None:
        """Take the keys of the next rows.

        Args:
            frame: The rows.

        Returns:
            True where the key was there before, in this frame or an earlier one; None if it is nowhere.
        """
        keys = frame.select(_canonical(name, frame.schema[name]) for name in self.columns)
        asked = keys.select(
            (~_key(self.columns).is_first_distinct()).alias("again"), _known(self.columns).alias("known")
        )
        again, known = asked["again"] & asked["known"], asked["known"]
        new = known & ~again
        run = _Run(*_parts(keys if new.all() else keys.filter(new)))
        found = self._found(run)
        self._add(run)
        if found is not None:
            at = np.flatnonzero(new.to_numpy())[found]
            marks = np.zeros(frame.height, bool)
            marks[at] = True
            return again | pl.Series(marks)
        return again if again.any() else None

    def _found(self, run: "_Run") -> npt.NDArray[np.int64] | None:
        hits = [positions for before in self._runs if len(positions := before.find(run))]
        return np.concatenate(hits) if hits else None

    def _add(self, run: "_Run") -> None:
        if not len(run.first):
            return
        self._runs.append(run.without_order())
        while len(self._runs) > 1 and len(self._runs[-2].first) < 2 * len(self._runs[-1].first):
            last = self._runs.pop()
            self._runs.append(self._runs.pop().merged(last))


class _Run:
    """Sorted keys: 64 bits, and 64 more of those that are hashed."""

    def __init__(self, first: _Keys, second: _Keys | None, *, in_order: bool = False) -> None:
        self.order: npt.NDArray[np.int64] | None = None
        if not in_order:
            self.order = np.argsort(first, kind="stable")
            first = first[self.order]
            second = second if second is None else second[self.order]
        self.first, self.second = first, second

    def without_order(self) -> "_Run":
        return _Run(self.first, self.second, in_order=True)

    def find(self, other: "_Run") -> npt.NDArray[np.int64]:
        """Tell the original positions of the other's keys that are here."""
        assert other.order is not None
        nothing = np.empty(0, np.int64)
        if not len(other.first) or other.first[0] > self.first[-1] or other.first[-1] < self.first[0]:
            return nothing
        at = np.searchsorted(self.first, other.first)
        hit = np.zeros(len(at), bool)
        open_ = np.flatnonzero(at < len(self.first))
        while len(open_):
            open_ = open_[self.first[at[open_]] == other.first[open_]]
            if self.second is None or other.second is None:
                hit[open_] = True
                break
            same = self.second[at[open_]] == other.second[open_]
            hit[open_[same]] = True
            open_ = open_[~same]  # of equal first halves with another second half, look at the next
            at[open_] += 1
            open_ = open_[at[open_] < len(self.first)]
        return other.order[hit]

    def merged(self, other: "_Run") -> "_Run":
        small, large = (self, other) if self.first[0] <= other.first[0] else (other, self)
        first = np.concatenate((small.first, large.first))
        second = None
        if small.second is not None and large.second is not None:
            second = np.concatenate((small.second, large.second))
        return _Run(first, second, in_order=bool(small.first[-1] <= large.first[0])).without_order()


def _canonical(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    if dtype.is_float():
        # One zero and one NaN, as polars compares them.
        return pl.when(column.is_nan()).then(float("nan")).otherwise(column.cast(pl.Float64) + 0.0).alias(name)
    return column


def _key(columns: Sequence[str]) -> pl.Expr:
    return pl.col(columns[0]) if len(columns) == 1 else pl.struct(columns)


def _known(columns: Sequence[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in columns)


def _parts(keys: pl.DataFrame) -> tuple[_Keys, _Keys | None]:
    column = keys.to_series(0).to_physical()
    if keys.width == 1 and column.dtype.is_float():
        return column.to_numpy().view(np.uint64), None
    if keys.width == 1 and column.dtype == pl.UInt64:
        return column.to_numpy(), None
    if keys.width == 1 and (column.dtype == pl.Boolean or column.dtype in _WHOLE):
        return column.cast(pl.Int64).to_numpy().view(np.uint64), None
    # Never stored and never shown: the values of polars' hash may change with its version, equality does not.
    one, two = (keys.select(_key(keys.columns).hash(seed)).to_series().to_numpy() for seed in _SEEDS)
    return one, two
