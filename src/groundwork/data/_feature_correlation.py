"""Which features say the same.

Rule: numbers are compared by Pearson (a straight line) and Spearman (any rising or falling one), categories by
Cramér's V with the correction of Bergsma (J. Korean Stat. Soc., 2013), without which columns of many rare values would
all look alike; over the rows where both have a value. Cost: one sort of each column, one pass for each pair.
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
    numbers = {name: as_numbers(frame[name]) for name in names if is_ordered(frame[name])}
    texts = [name for name in names if name not in numbers and not frame[name].dtype.is_nested()]
    codes = {name: frame[name].cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64) for name in texts}
    # Most columns have a value everywhere, and need to be ranked once only.
    ranks = {name: _ranks(values) for name, values in numbers.items() if np.isfinite(values).all()}
    found = [
        *(_of_numbers(one, two, numbers, ranks) for one, two in combinations(numbers, 2)),
        *(_of_categories(one, two, codes) for one, two in combinations(codes, 2)),
    ]
    told = [pair for pair in found if pair is not None and pair.strength >= threshold]
    return sorted(told, key=lambda pair: -pair.strength)


def _of_numbers(one: str, two: str, numbers: dict[str, Floats], ranks: dict[str, Floats]) -> Correlation | None:
    left, right = numbers[one], numbers[two]
    if one in ranks and two in ranks:
        left_ranks, right_ranks = ranks[one], ranks[two]
    else:
        both = np.isfinite(left) & np.isfinite(right)
        left, right = left[both], right[both]
        left_ranks, right_ranks = _ranks(left), _ranks(right)
    pearson, spearman = _pearson(left, right), _pearson(left_ranks, right_ranks)
    if pearson is None or spearman is None:
        return None
    return Correlation(one, two, pearson, spearman, None, len(left))


def _of_categories(one: str, two: str, codes: dict[str, npt.NDArray[np.int64]]) -> Correlation | None:
    both = (codes[one] > 0) & (codes[two] > 0)
    value = _cramers_v(codes[one][both], codes[two][both])
    return None if value is None else Correlation(one, two, None, None, value, int(both.sum()))


def _ranks(values: Floats) -> Floats:
    ranks: Floats = pl.Series(values).rank().to_numpy()
    return ranks


def _pearson(left: Floats, right: Floats) -> float | None:
    if len(left) < _LEAST_ROWS:
        return None
    left, right = left - left.mean(), right - right.mean()
    # Scaled first, else the squares of large numbers overflow and those of small ones vanish.
    largest, widest = np.abs(left).max(), np.abs(right).max()
    if not largest or not widest:
        return None
    left, right = left / largest, right / widest
    return float(np.clip(left @ right / np.sqrt((left @ left) * (right @ right)), -1, 1))


def _cramers_v(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> float | None:
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


def _counted(cells: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Count the cells that occur: a table of all pairs of two columns of names would not fit memory."""
    if int(cells.max()) < _DENSE * len(cells):
        every = np.bincount(cells)
        found = np.flatnonzero(every)
        return found, every[found].astype(np.float64)
    found, counts = np.unique(cells, return_counts=True)
    return found, counts.astype(np.float64)
