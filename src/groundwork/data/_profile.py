"""What a table holds, column by column, as plain data.

Rule: every number is JSON; a statistic that does not exist is None. Missing is null or NaN.
Cost: a few passes over each column; 336,776 rows of 19 columns take well under a second.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

_BINS = 20
_TOP = 10
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    Attributes:
        name: Its name.
        dtype: Its type.
        missing: Rows without a value (null or NaN).
        distinct: How many different values.
        minimum: Smallest value; text for dates and text.
        maximum: Largest value.
        mean: Of numbers.
        std: Of numbers; sample standard deviation.
        quantiles: Of numbers, by "0.25" and the like.
        top: The most frequent values with their counts; ties in the values' order.
        histogram: Of numbers: ``edges`` (21) and ``counts`` (20); infinite values are left out.
    """

    name: str
    dtype: str
    missing: int
    distinct: int
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    std: float | None = None
    quantiles: dict[str, float] | None = None
    top: list[tuple[Any, int]] | None = None
    histogram: dict[str, list[float]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        plain = asdict(self)
        plain["top"] = [list(pair) for pair in self.top] if self.top is not None else None
        return plain


@dataclass(frozen=True)
class Profile:
    """A table.

    Attributes:
        rows: How many.
        columns: In the table's order.
    """

    rows: int
    columns: list[ColumnProfile]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"rows": self.rows, "columns": [column.to_dict() for column in self.columns]}


def profile(frame: pl.DataFrame) -> Profile:
    """Describe every column of a table.

    Args:
        frame: The table.

    Returns:
        The profile.
    """
    return Profile(frame.height, [_describe(column) for column in frame.iter_columns()])


def _describe(column: pl.Series) -> ColumnProfile:
    values = column.drop_nans() if column.dtype.is_float() else column
    values = values.drop_nulls()
    missing = column.len() - values.len()
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        return ColumnProfile(column.name, str(column.dtype), missing, 0)
    known: dict[str, Any] = {"distinct": values.n_unique(), "top": _top(values)}
    if values.len():
        known |= {"minimum": _plain(_ordered(values).min()), "maximum": _plain(_ordered(values).max())}
    if column.dtype.is_numeric() and values.len():
        known |= _numbers(values)
    return ColumnProfile(column.name, str(column.dtype), missing, **known)


def _ordered(values: pl.Series) -> pl.Series:
    return values.cast(pl.String) if values.dtype in (pl.Categorical, pl.Enum) else values


def _top(values: pl.Series) -> list[tuple[Any, int]]:
    counts = (
        values.rename("value").value_counts(name="count").sort(by=[-pl.col("count").cast(pl.Int64), pl.col("value")])
    )
    return [(_plain(value), int(count)) for value, count in counts.head(_TOP).rows()]


def _numbers(values: pl.Series) -> dict[str, Any]:
    numbers = values.cast(pl.Float64).to_numpy()
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return {}
    quantiles = np.quantile(finite, _QUANTILES)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(finite.mean()), float(finite.std(ddof=1)) if len(finite) > 1 else None
    return {
        "mean": _plain(mean),
        "std": _plain(std),
        "quantiles": {str(level): _plain(float(value)) for level, value in zip(_QUANTILES, quantiles, strict=True)},
        "histogram": _histogram(finite),
    }


def _histogram(finite: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    # numpy's own refuses a range that floats cannot cut into bins, as that of one huge number.
    low, high = float(finite.min()), float(finite.max())
    edges = low + np.arange(_BINS + 1) * (high / _BINS - low / _BINS)
    edges[-1] = high
    bins = np.searchsorted(edges[1:-1], finite, side="right")
    return {"edges": edges.tolist(), "counts": np.bincount(bins, minlength=_BINS).tolist()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
