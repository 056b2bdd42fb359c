"""One column described batch by batch.

Rule: count, missing, minimum, maximum, mean and standard deviation are exact, whatever the size; distinct values,
quantiles, histogram and the most frequent values are exact while the column has at most ``most`` different values, and
beyond that estimated and said to be so. Mean, deviation, quantiles and histogram are of the finite numbers; infinite
ones are counted exactly. Memory: see ``ValueCounts``.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._cardinality import Cardinality
from groundwork.data._distribution import Distribution
from groundwork.data._tdigest import TDigest
from groundwork.data._value_counts import ValueCounts

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_BINS = 20
_TOP = 10

Floats = npt.NDArray[np.float64]


@dataclass
class ColumnSummary:
    """What is known of a column so far.

    Attributes:
        name: The column.
        dtype: Its type.
        most: How many different values are counted exactly; None for any number.
    """

    name: str
    dtype: pl.DataType
    most: int | None = None
    rows: int = 0
    missing: int = 0
    _low: Any = None
    _high: Any = None
    _infinite: list[int] = field(default_factory=lambda: [0, 0])
    _count: int = 0
    _mean: float = 0.0
    _squares: float = 0.0
    _digest: TDigest = field(default_factory=TDigest)
    _cardinality: Cardinality = field(default_factory=Cardinality)
    _values: ValueCounts = field(init=False)

    def __post_init__(self) -> None:
        textual = self.dtype in (pl.Categorical, pl.Enum)
        self._values = ValueCounts(pl.String() if textual else self.dtype, self.most)

    @property
    def counted_only(self) -> bool:
        """Whether nothing but the missing is told, as of nested values."""
        return self.dtype.is_nested() or self.dtype in (pl.Object, pl.Binary)

    @property
    def approximate(self) -> bool:
        """Whether distinct, quantiles, histogram and top values are estimates."""
        return not self._values.exact

    def add(self, column: pl.Series) -> None:
        """Take in the next batch.

        Args:
            column: Its cells.
        """
        values = column.drop_nans() if column.dtype.is_float() else column
        values = values.drop_nulls()
        self.rows += column.len()
        self.missing += column.len() - values.len()
        if self.counted_only or not values.len():
            return
        values = values.cast(pl.String) if values.dtype in (pl.Categorical, pl.Enum) else values
        self._range(values)
        if self.dtype.is_float():
            for place, end in enumerate((-math.inf, math.inf)):
                self._infinite[place] += int((values == end).sum())
        if self.dtype.is_numeric():
            self._moments(_finite(values))
        self._count_values(values)

    def finish(self) -> None:
        """Settle the counts; call it once, after the last batch."""
        whole = self._values.finish()
        if whole is not None:
            self._begin_estimates(whole)

    def facts(self) -> dict[str, Any]:
        """Give what a profile says of the column.

        Returns:
            Values of the fields of a ``ColumnProfile``.
        """
        if self.counted_only:
            return {"distinct": 0}
        table = self._values.table()
        distinct = table.height if self._values.exact else max(self._cardinality.estimate(), table.height)
        known: dict[str, Any] = {"distinct": distinct, "top": _top(table), "approximate": self.approximate}
        known |= {"minimum": plain(self._low), "maximum": plain(self._high), "infinite": sum(self._infinite)}
        if self.dtype.is_numeric() and self._count:
            known |= self._numbers(table)
        return known

    def distribution(self) -> Distribution:
        """Give how the rows are spread.

        Returns:
            The distribution; of kind ``none`` for times and nested values.
        """
        if self.counted_only or self.dtype.is_temporal():
            return Distribution("none", [], [])
        table = self._values.table()
        if self.dtype.is_numeric():
            finite, rows = self._spread(table)
            below, above = self._infinite
            values = np.concatenate(([-math.inf], finite, [math.inf]))
            rows = np.concatenate(([float(below)], rows, [float(above)]))
            return Distribution("number", values[rows > 0], rows[rows > 0], self._values.exact)
        table = table.sort(by=[-pl.col("count"), pl.col("value")])
        counts = table["count"].cast(pl.Float64).to_list()
        other = float(self.rows - self.missing) - sum(counts)
        return Distribution("category", list(map(_category, table["value"])), counts, self._values.exact, other)

    def _range(self, values: pl.Series) -> None:
        low, high = values.min(), values.max()
        self._low = low if self._low is None else min(self._low, low)
        self._high = high if self._high is None else max(self._high, high)

    def _moments(self, finite: Floats) -> None:
        # Chan et al., 1979: two parts are joined without loss, where sums of squares would cancel.
        if not len(finite):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(finite.mean())
            squares = float(np.square(finite - mean).sum())
            before, self._count = self._count, self._count + len(finite)
            apart = mean - self._mean
            self._mean = mean if not before else self._mean + apart * len(finite) / self._count
            self._squares += squares + (apart * apart * before * len(finite) / self._count if before else 0.0)

    def _count_values(self, values: pl.Series) -> None:
        already = not self._values.exact
        whole = self._values.add(values)
        if whole is not None:
            self._begin_estimates(whole)
        elif already:
            self._cardinality.add(values.unique() if values.dtype == pl.String else values)
            if self.dtype.is_numeric():
                finite = _finite(values)
                self._digest.add(finite, np.ones(len(finite)))

    def _begin_estimates(self, whole: pl.DataFrame) -> None:
        self._cardinality.add(whole["value"])
        if self.dtype.is_numeric():
            self._digest.add(*_weighted(whole))

    def _spread(self, table: pl.DataFrame) -> tuple[Floats, Floats]:
        return _weighted(table) if self._values.exact else self._digest.table()

    def _numbers(self, table: pl.DataFrame) -> dict[str, Any]:
        values, counts = self._spread(table)
        with np.errstate(over="ignore", invalid="ignore"):
            std = float(np.sqrt(self._squares / (self._count - 1))) if self._count > 1 else None
        return {
            "mean": _number(self._mean),
            "std": _number(std),
            "quantiles": {str(level): _number(_quantile(values, counts, level)) for level in QUANTILES},
            "histogram": _histogram(values, counts, *self._ends(values)),
        }

    def _ends(self, values: Floats) -> tuple[float, float]:
        # Infinite values are no ends of a histogram.
        low, high = float(self._low), float(self._high)
        return low if math.isfinite(low) else float(values[0]), high if math.isfinite(high) else float(values[-1])


def plain(value: Any) -> Any:
    """Turn a cell into what JSON holds.

    Args:
        value: A number, text, truth, date, time or anything that has a text.

    Returns:
        The value, its ISO 8601 text or its text, as ``inf`` and ``nan``, for which JSON has no number.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _number(value: float | None) -> float | None:
    # A mean of numbers near the largest float is beyond them: it does not exist.
    return value if value is not None and math.isfinite(value) else None


def _category(value: Any) -> Any:
    return value if isinstance(value, bool | str) else str(value)


def _finite(values: pl.Series) -> Floats:
    numbers = values.cast(pl.Float64).to_numpy()
    finite: Floats = numbers[np.isfinite(numbers)]
    return finite


def _weighted(table: pl.DataFrame) -> tuple[Floats, Floats]:
    table = table.with_columns(pl.col("value").cast(pl.Float64))
    table = table.filter(pl.col("value").is_finite()).sort("value")
    return table["value"].to_numpy(), table["count"].cast(pl.Float64).to_numpy()


def _top(table: pl.DataFrame) -> list[tuple[Any, int]]:
    first = table.sort(by=[-pl.col("count"), pl.col("value")]).head(_TOP)
    return [(plain(value), int(count)) for value, count in first.rows()]


def _quantile(values: Floats, counts: Floats, level: float) -> float:
    # As numpy's: on the straight line between the two values beside the place (n - 1) * level.
    steps = np.cumsum(counts)
    place = (steps[-1] - 1) * level
    low, high = (
        float(values[min(int(np.searchsorted(steps, at, side="right")), len(values) - 1)])
        for at in (math.floor(place), math.ceil(place))
    )
    part = place - math.floor(place)
    return low if low == high else float(low * (1 - part) + high * part)


def _histogram(values: Floats, counts: Floats, low: float, high: float) -> dict[str, list[float]]:
    # numpy's own refuses a range that floats cannot cut into bins, as that of one huge number.
    parts = np.arange(_BINS + 1) / _BINS
    edges = np.maximum.accumulate(low * (1 - parts) + high * parts)  # no sum of which is beyond the floats
    edges[0], edges[-1] = low, high
    bins = np.searchsorted(edges[1:-1], values, side="right")
    filled = np.bincount(bins, weights=counts, minlength=_BINS)
    return {"edges": edges.tolist(), "counts": [round(count) for count in filled]}
