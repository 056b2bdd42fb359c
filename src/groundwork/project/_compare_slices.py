"""Where a model got worse: its error in parts of the test rows, before and after.

Rule: the figure is the mean squared error of a slice (of probabilities that is the Brier score; its root, the RMSE, of
numbers), since it is defined in every slice, also where all rows are of one class. Whoever looks at a hundred slices
finds some that are worse by chance: the level is divided among all that were looked at (Bonferroni). Standard errors
are those of a mean of group sums, so that rows that depend on each other do not count as so many witnesses.
Cost: a pass over the rows a column; nothing is drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.project._compare_metrics import Floats, Integers

_FEWEST_ROWS = 30
_FEWEST_GROUPS = 10
_FEW_VALUES = 12
_CATEGORIES = 50
_PARTS = 4


@dataclass(frozen=True)
class SliceChange:
    """One part of the test rows.

    Attributes:
        column: The column that parts them.
        label: Which part, as ``carrier = UA`` or ``23.2 < bmi <= 25.7``.
        rows: How many rows it has in the first run and in the second.
        before: The figure of the first run.
        after: Of the second.
        difference: After minus before; above zero is worse.
        interval: Where the difference lies, at the comparison's level for all slices together.
    """

    column: str
    label: str
    rows: tuple[int, int]
    before: float
    after: float
    difference: float
    interval: tuple[float, float]

    @property
    def worse(self) -> bool:
        """Whether it got worse beyond noise."""
        return self.interval[0] > 0

    @property
    def better(self) -> bool:
        """Whether it got better beyond noise."""
        return self.interval[1] < 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        plain = asdict(self)
        return {**plain, "rows": list(self.rows), "interval": list(self.interval), "worse": self.worse}


@dataclass(frozen=True)
class Side:
    """What slices need of one run.

    Attributes:
        rows: Its test rows, to cut.
        square: Squared error of each.
        groups: The number of each row's group.
    """

    rows: pl.DataFrame
    square: Floats
    groups: Integers


@dataclass(frozen=True)
class _Part:
    column: str
    label: str
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]


def compared_slices(
    before: Side, after: Side, columns: Sequence[str], *, root: bool, paired: bool, level: float
) -> list[SliceChange]:
    """Compare two runs in every slice that has enough rows.

    Args:
        before: The first run.
        after: The second; paired, row i is that of the first.
        columns: What to cut by; those that both have.
        root: Whether the figure is the root of the mean squared error.
        paired: Whether the rows are the same.
        level: Of the intervals, for all slices together.

    Returns:
        One entry a slice, the worst first: those worse beyond noise before the others, each by its difference.
    """
    parts = [part for name in columns for part in _parts(name, before.rows[name], after.rows[name])]
    parts = [part for part in parts if all(map(_enough, part.masks, (before.groups, after.groups)))]
    found = [_compared(part, before, after, root, paired, 1 - (1 - level) / len(parts)) for part in parts]
    return sorted(found, key=lambda one: (not one.worse, -one.difference))


def _compared(part: _Part, before: Side, after: Side, root: bool, paired: bool, level: float) -> SliceChange:
    squares = [side.square[mask] for side, mask in zip((before, after), part.masks, strict=True)]
    groups = [side.groups[mask] for side, mask in zip((before, after), part.masks, strict=True)]
    means = [float(square.mean()) for square in squares]
    values = [float(np.sqrt(mean)) for mean in means] if root else means
    # By the delta method, what each row adds to the figure: the root's slope is 1 / (2 root).
    slopes = [0.5 / value if value else 0.0 for value in values] if root else [1.0, 1.0]
    adds = [(square - mean) * slope for square, mean, slope in zip(squares, means, slopes, strict=True)]
    variances = (
        [_variance(adds[1] - adds[0], groups[0])]
        if paired
        else [_variance(*pair) for pair in zip(adds, groups, strict=True)]
    )
    from scipy.special import stdtrit

    freedom = min(np.unique(group).size for group in groups) - 1
    wide = float(stdtrit(freedom, (1 + level) / 2)) * float(np.sqrt(sum(variances)))
    difference = values[1] - values[0]
    counts = (squares[0].size, squares[1].size)
    interval = (difference - wide, difference + wide)
    return SliceChange(part.column, part.label, counts, values[0], values[1], difference, interval)


def _variance(adds: Floats, groups: Integers) -> float:
    _, codes = np.unique(groups, return_inverse=True)
    sums = np.bincount(codes, adds)
    return float(np.sum(sums**2) * sums.size / (sums.size - 1) / adds.size**2)


def _enough(mask: NDArray[np.bool_], groups: Integers) -> bool:
    return bool(mask.sum() >= _FEWEST_ROWS and np.unique(groups[mask]).size >= _FEWEST_GROUPS)


def _parts(name: str, before: pl.Series, after: pl.Series) -> Iterator[_Part]:
    sides = [_without_nan(one) for one in (before, after)]
    if before.dtype != after.dtype:
        return
    if before.dtype.is_nested() or before.dtype in (pl.Binary, pl.Object, pl.Null):
        return
    ordered = before.dtype.is_numeric() or before.dtype.is_temporal()
    if ordered and sides[0].n_unique() > _FEW_VALUES:
        yield from _by_quarter(name, sides)
    else:
        yield from _by_value(name, sides)
    if any(one.has_nulls() for one in sides):
        yield _Part(name, f"{name} missing", _masks(one.is_null() for one in sides))


def _by_value(name: str, sides: list[pl.Series]) -> Iterator[_Part]:
    counted = sides[0].drop_nulls().rename("value").value_counts(name="rows")
    often = counted.filter(pl.col("rows") >= _FEWEST_ROWS).sort("rows", "value", descending=[True, False])
    for value in often["value"].head(_CATEGORIES).to_list():
        yield _Part(name, f"{name} = {value}", _masks(one == value for one in sides))


def _by_quarter(name: str, sides: list[pl.Series]) -> Iterator[_Part]:
    """Cut at the quartiles of the first run's rows, each of them a value that occurs."""
    known = sides[0].drop_nulls().sort()
    edges = known.gather([known.len() * part // _PARTS for part in range(1, _PARTS)]).unique().sort().to_list()
    lows, highs = [None, *edges], [*edges, None]
    for low, high in zip(lows, highs, strict=True):
        masks = [
            pl.lit(True) if low is None else pl.col(name) > low,
            pl.lit(True) if high is None else pl.col(name) <= high,
        ]
        inside = masks[0] & masks[1] & pl.col(name).is_not_null()
        cut = (one.alias(name).to_frame().select(inside.alias("in"))["in"] for one in sides)
        yield _Part(name, _between(name, low, high), _masks(cut))


def _between(name: str, low: Any, high: Any) -> str:
    if low is None:
        return f"{name} <= {_told(high)}"
    return f"{name} > {_told(low)}" if high is None else f"{_told(low)} < {name} <= {_told(high)}"


def _told(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _masks(sides: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    one, two = (side.fill_null(False).to_numpy() for side in sides)
    return one, two


def _without_nan(values: pl.Series) -> pl.Series:
    return values.fill_nan(None) if values.dtype.is_float() else values
