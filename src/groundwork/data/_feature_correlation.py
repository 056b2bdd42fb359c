"""Which features say the same.

Rule: numbers are compared by Pearson (a straight line) and Spearman (any rising or falling one), categories by
Cramér's V with the correction of Bergsma (J. Korean Stat. Soc., 2013), without which columns of many rare values would
all look alike; over the rows where both have a value. Cost: one sort of each column, a few passes for each pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._association import as_numbers, is_ordered

_LEAST_ROWS = 3
_DENSE = 4

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Correlation:
    """Two columns that go together.

    Attributes:
        left: One column.
        right: The other.
        pearson: Of two numbers, from -1 to 1.
        spearman: Of two numbers, from -1 to 1.
        cramers_v: Of two categories, from 0 to 1.
        rows: Rows where both have a value.
    """

    left: str
    right: str
    pearson: float | None
    spearman: float | None
    cramers_v: float | None
    rows: int

    @property
    def strength(self) -> float:
        """The strongest of the measures, without its sign."""
        return max(abs(each) for each in (self.pearson, self.spearman, self.cramers_v) if each is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        measures = {"pearson": self.pearson, "spearman": self.spearman, "cramers_v": self.cramers_v}
        return {"left": self.left, "right": self.right, **measures, "rows": self.rows}


def correlated(frame: pl.DataFrame, names: Sequence[str], threshold: float) -> list[Correlation]:
    """Find pairs of columns that go together.

    Args:
        frame: The table.
        names: The columns; nested ones are left out. A number and a category are not compared.
        threshold: From which strength on a pair is told.

    Returns:
        The pairs, strongest first.
    """
    numbers = {name: _Numbers.of(as_numbers(frame[name])) for name in names if is_ordered(frame[name])}
    texts = [name for name in names if name not in numbers and not frame[name].dtype.is_nested()]
    codes = {name: frame[name].cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64) for name in texts}
    found = [
        *(_of_numbers(one, two, numbers[one], numbers[two]) for one, two in combinations(numbers, 2)),
        *(_of_categories(one, two, codes[one], codes[two]) for one, two in combinations(codes, 2)),
    ]
    told = [pair for pair in found if pair is not None and pair.strength >= threshold]
    return sorted(told, key=lambda pair: -pair.strength)


@dataclass(frozen=True)
class _Numbers:
    """A column of numbers, sorted once: its ranks among any of its rows take no second sort.

    Attributes:
        values: The numbers.
        known: Where there is one.
        places: Place of each among the different numbers; 0 where there is none.
    """

    values: Floats
    known: npt.NDArray[np.bool_]
    places: Codes

    @classmethod
    def of(cls, values: Floats) -> "_Numbers":
        known = np.isfinite(values)
        places = np.zeros(len(values), np.int64)
        places[known] = np.unique(values[known], return_inverse=True)[1]
        return cls(values, known, places)

    def ranks(self, rows: npt.NDArray[np.bool_]) -> Floats:
        """Rank some rows that have a number; equal numbers share the mean of their ranks."""
        places = self.places[rows]
        counts = np.bincount(places)
        means: Floats = np.cumsum(counts) - (counts - 1) / 2
        return means[places]


def _of_numbers(one: str, two: str, left: _Numbers, right: _Numbers) -> Correlation | None:
    both = left.known & right.known
    pearson = _pearson(left.values[both], right.values[both])
    spearman = _pearson(left.ranks(both), right.ranks(both))
    if pearson is None or spearman is None:
        return None
    return Correlation(one, two, pearson, spearman, None, int(both.sum()))


def _of_categories(one: str, two: str, left: Codes, right: Codes) -> Correlation | None:
    both = (left > 0) & (right > 0)
    value = _cramers_v(left[both], right[both])
    return None if value is None else Correlation(one, two, None, None, value, int(both.sum()))


def _pearson(left: Floats, right: Floats) -> float | None:
    if len(left) < _LEAST_ROWS:
        return None
    left, right = left - left.mean(), right - right.mean()
    # Scaled first, else the squares of large numbers overflow and those of small ones vanish.
    largest, widest = np.abs(left).max(), np.abs(right).max()
    if not largest or not widest:
        return None
    left, right = left / largest, right / widest
    spread = np.sqrt((left * left).sum() * (right * right).sum())
    return float(np.clip((left * right).sum() / spread, -1, 1))


def _cramers_v(left: Codes, right: Codes) -> float | None:
    total = len(left)
    if total < _LEAST_ROWS:
        return None
    width = int(right.max()) + 1
    cells, counts = _counted(left * width + right)
    rows, columns = np.bincount(left).astype(np.float64), np.bincount(right).astype(np.float64)
    phi = float((counts**2 / (rows[cells // width] * columns[cells % width])).sum()) - 1
    high, wide = int((rows > 0).sum()), int((columns > 0).sum())
    if min(high, wide) < 2:
        return None
    corrected = max(0.0, phi - (high - 1) * (wide - 1) / (total - 1))
    least = min(high - (high - 1) ** 2 / (total - 1), wide - (wide - 1) ** 2 / (total - 1)) - 1
    return float(np.sqrt(min(1.0, corrected / least))) if least > 0 else 0.0


def _counted(cells: Codes) -> tuple[Codes, Floats]:
    """Count the cells that occur: a table of all pairs of two columns of names would not fit memory."""
    if int(cells.max()) < _DENSE * len(cells):
        every = np.bincount(cells)
        found = np.flatnonzero(every)
        return found, every[found].astype(np.float64)
    found, counts = np.unique(cells, return_counts=True)
    return found, counts.astype(np.float64)
