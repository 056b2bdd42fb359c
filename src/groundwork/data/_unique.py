"""Which rows repeat a key that came before, across all batches.

Rule: whole numbers, dates, times, truth values and fractions are compared as they are; text and keys of several columns
by the 128 bits of ``row_hashes``: a false alarm among a hundred million rows has a chance of some 1e-23. Missing
repeats nothing.
Memory: 8 bytes a row, 16 where hashed; twice that while sorted runs are merged, as a log-structured tree merges them.
Cost: a sort of each batch, none where its keys increase, as those of a numbered table do.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._row_hash import row_hashes

_Keys = npt.NDArray[np.uint64]
_Positions = npt.NDArray[np.int64]
_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


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
        keys = frame.select(self.columns)
        known: _Positions | None = None
        if any(column.null_count() for column in keys.iter_columns()):
            complete = keys.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
            known, keys = np.flatnonzero(complete.to_numpy()), keys.filter(complete)
        if not keys.height:
            return None
        new, order, again = _sorted(*_bits(keys))
        old = np.zeros(len(new), bool)
        for run in self._runs:
            old |= run.holds(new)
        self._add(new.without(old))
        found = np.concatenate((again, order[old]))
        if not len(found):
            return None
        marks = np.zeros(frame.height, bool)
        marks[found if known is None else known[found]] = True
        return pl.Series(marks)

    def _add(self, run: "_Run") -> None:
        if len(run):
            self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs.append(self._runs.pop().merged(last))


class _Run:
    """Sorted keys: 64 bits, and 64 more of those that are hashed."""

    def __init__(self, first: _Keys, second: _Keys | None) -> None:
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first)

    def holds(self, other: "_Run") -> npt.NDArray[np.bool_]:
        """Tell which of the other's keys are here."""
        hit = np.zeros(len(other), bool)
        if other.first[0] > self.first[-1] or other.first[-1] < self.first[0]:
            return hit
        at = np.searchsorted(self.first, other.first)
        asked = np.flatnonzero(at < len(self))
        while len(asked):
            asked = asked[self.first[at[asked]] == other.first[asked]]
            if self.second is None or other.second is None:
                hit[asked] = True
                break
            same = self.second[at[asked]] == other.second[asked]
            hit[asked[same]] = True
            asked = asked[~same]  # first halves may agree by chance: look at the next one
            at[asked] += 1
            asked = asked[at[asked] < len(self)]
        return hit

    def without(self, marked: npt.NDArray[np.bool_]) -> "_Run":
        """Leave keys out."""
        if not marked.any():
            return self
        return _Run(self.first[~marked], None if self.second is None else self.second[~marked])

    def merged(self, other: "_Run") -> "_Run":
        """Unite two runs that share no key."""
        low, high = (self, other) if self.first[0] <= other.first[0] else (other, self)
        first = np.concatenate((low.first, high.first))
        second = None
        if low.second is not None and high.second is not None:
            second = np.concatenate((low.second, high.second))
        if low.first[-1] <= high.first[0]:
            return _Run(first, second)
        if second is None:
            first.sort(kind="stable")
            return _Run(first, None)
        order = np.argsort(first, kind="stable")
        return _Run(first[order], second[order])


def _sorted(first: _Keys, second: _Keys | None) -> tuple[_Run, _Positions, _Positions]:
    """Sort keys; answer those that are new, where they stood, and where those stood that repeat an earlier one."""
    if bool((first[1:] > first[:-1]).all()):
        return _Run(first, second), np.arange(len(first)), np.empty(0, np.int64)
    # The sorts keep equal keys in order, so that the first of them is the one that repeats nothing.
    order = np.argsort(first, kind="stable")
    again = _like_before(first[order])
    if second is not None and again.any():
        same = _like_before(second[order])
        if (again & ~same).any():  # first halves agree by chance
            order = np.lexsort((second, first))
            again, same = _like_before(first[order]), _like_before(second[order])
        again &= same
    kept = order[~again]
    return _Run(first[kept], None if second is None else second[kept]), kept, order[again]


def _like_before(values: _Keys) -> npt.NDArray[np.bool_]:
    like = np.zeros(len(values), bool)
    like[1:] = values[1:] == values[:-1]
    return like


def _bits(keys: pl.DataFrame) -> tuple[_Keys, _Keys | None]:
    column = keys.to_series(0)
    if keys.width > 1 or isinstance(column.dtype, pl.Categorical | pl.Enum):
        return row_hashes(keys)
    column = column.to_physical()
    if column.dtype.is_float():
        # One NaN, and one zero: added here, where -0.0 becomes 0.0; polars would leave the sum out as of no effect.
        return (column.cast(pl.Float64).fill_nan(float("nan")).to_numpy() + 0.0).view(np.uint64), None
    if column.dtype == pl.UInt64:
        return column.to_numpy(), None
    if column.dtype == pl.Boolean or column.dtype in _WHOLE:
        return column.cast(pl.Int64).to_numpy().view(np.uint64), None
    return row_hashes(keys)
