"""Where a model is worse than its one figure says.

Rule: every value of every named column is judged with its count and its interval; a slice of few rows is told and
flagged, never the worst. Cost: the intervals; each column resamples all rows once more.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation._intervals import Interval, confidence_interval
from groundwork.modeling.evaluation._subject import figure_of
from groundwork.modeling.evaluation._weighted import CLASSIFICATION, REGRESSION, task_of

_MOST_VALUES = 20
_QUANTILES = 5


@dataclasses.dataclass(frozen=True)
class Slice:
    """The rows that share a value.

    Attributes:
        column: Of the value.
        value: The value as text, or a range of numbers (its lower end excluded, but for the lowest); None for a gap.
        rows: How many.
        tiny: Fewer than ``min_rows``: the figure may be chance, and the slice is never the worst.
        figure: The metric of these rows; None where it is undefined.
        interval: The same with its ends; None where there is no figure, or too few rows to resample.
        why: Why there is no figure or no interval, or an empty text.
    """

    column: str
    value: str | None
    rows: int
    tiny: bool
    figure: float | None
    interval: Interval | None
    why: str = ""


@dataclasses.dataclass(frozen=True)
class SliceReport:
    """A metric of all rows and of each slice.

    Attributes:
        metric: Its name.
        rows: How many were judged.
        overall: Of all rows.
        slices: Column by column; in a column the worst first, and those without a figure last.
        worst: Of all slices that are not tiny and have a figure the one with the worst; None if there is no such.
    """

    metric: str
    rows: int
    overall: Interval
    slices: tuple[Slice, ...]
    worst: Slice | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data.

        Returns:
            The attributes by name; a slice and an interval as dicts.
        """
        return dataclasses.asdict(self) | {"slices": [dataclasses.asdict(each) for each in self.slices]}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Self:
        """Bring back a report.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The report.
        """
        slices = tuple(_revived(each) for each in described["slices"])
        worst = None if described["worst"] is None else _revived(described["worst"])
        overall = Interval.from_dict(described["overall"])
        return cls(described["metric"], described["rows"], overall, slices, worst)


def evaluate_slices(
    columns: pl.DataFrame | Mapping[str, Any],
    outcome: ArrayLike,
    prediction: ArrayLike,
    *,
    metric: str,
    by: Sequence[str] | None = None,
    min_rows: int = 50,
    samples: int = 200,
    level: float = 0.95,
    seed: int = 0,
    groups: ArrayLike | None = None,
    threshold: float = 0.5,
    bins: int = 15,
) -> SliceReport:
    """Judge every value of some columns on its own, and name the worst.

    The worst of many slices is partly the unluckiest: look at its interval, and at the same slice in other rows.

    Args:
        columns: Values to part the rows by, one a row; a frame may have other columns.
        outcome: Observed, shape (n,).
        prediction: Probability of class 1, or predicted number, shape (n,).
        metric: A figure of ``evaluate_classification`` or ``evaluate_regression`` of which less, or more, is better.
        by: Names of columns; all if None. Numbers and times of more than 20 distinct values are parted at their
            quintiles; a gap, and NaN, is a slice of its own.
        min_rows: A slice of fewer rows is flagged as tiny.
        samples: Resamples of each slice.
        level: Confidence of the intervals.
        seed: For the draws.
        groups: As in ``confidence_interval``.
        threshold: As there.
        bins: As there.

    Returns:
        The report.

    Raises:
        InvalidDataError: The rows as a whole cannot be judged, or a column has fewer or more of them.
        ConfigurationError: No such column or metric, or one that tells no better from worse.
    """
    better = _better(metric)
    names = [str(column) for column in (columns.columns if isinstance(columns, pl.DataFrame) else columns)]
    if isinstance(by, str):
        raise ConfigurationError(f"by is {by!r}; it must be a list of names", hint=f"write [{by!r}]")
    unknown = [name for name in by or () if name not in names]
    if unknown:
        raise ConfigurationError(f"{unknown} are no columns", hint=f"one of {names}")
    seen, said = np.asarray(outcome), np.asarray(prediction)
    belongs = None if groups is None else np.asarray(groups)
    options: dict[str, Any] = {"samples": samples, "level": level, "seed": seed, "threshold": threshold, "bins": bins}
    overall = confidence_interval(metric, seen, said, groups=belongs, **options)
    found: list[Slice] = []
    for name in by or names:
        values = pl.Series(name, columns[name])
        if len(values) != seen.size:
            raise InvalidDataError(f"column {name} has {len(values):,} values and there are {seen.size:,} outcomes")
        parts = []
        for value, rows in _parts(values):
            judged = _judged(metric, seen[rows], said[rows], None if belongs is None else belongs[rows], options)
            parts.append(Slice(name, value, rows.size, rows.size < min_rows, *judged))
        found += sorted(parts, key=lambda part: _rank(part, better))
    candidates = [part for part in found if not part.tiny and part.figure is not None]
    worst = min(candidates, key=lambda part: _rank(part, better), default=None)
    return SliceReport(metric, seen.size, overall, tuple(found), worst)


def _better(metric: str) -> bool:
    better = (CLASSIFICATION if task_of(metric) == "classification" else REGRESSION)[metric]
    if better is None:
        raise ConfigurationError(f"{metric} tells no better from worse", hint="take roc_auc, brier, mae, …")
    return better


def _rank(part: Slice, better: bool) -> float:
    if part.figure is None:
        return math.inf
    return part.figure if better else -part.figure


def _judged(
    metric: str,
    outcome: NDArray[Any],
    prediction: NDArray[Any],
    groups: NDArray[Any] | None,
    options: dict[str, Any],
) -> tuple[float | None, Interval | None, str]:
    figure = None
    # All rows could be judged, so what is wrong with these is their number or sameness: a finding and no fault.
    try:
        figure = figure_of(metric, outcome, prediction, options["threshold"], options["bins"])
        return figure, confidence_interval(metric, outcome, prediction, groups=groups, **options), ""
    except InvalidDataError as error:
        return figure, None, error.message


def _parts(values: pl.Series) -> list[tuple[str | None, NDArray[Any]]]:
    """Name the parts of a column, with the rows of each."""
    if values.dtype.is_float():
        values = values.fill_nan(None)
    ordered = values.dtype.is_numeric() or values.dtype.is_temporal()
    if ordered and values.drop_nulls().n_unique() > _MOST_VALUES:
        values = _quintiles(values)
    named = pl.DataFrame({"value": values}).with_row_index("row").group_by("value", maintain_order=True).all()
    return [(None if value is None else str(value), np.asarray(rows)) for value, rows in named.iter_rows()]


def _quintiles(values: pl.Series) -> pl.Series:
    numbers = values.to_physical()
    ordered = numbers.drop_nulls().sort()
    # Values that were there: a range is told in what the reader knows, dates as dates.
    edges = sorted({ordered[part * (len(ordered) - 1) // _QUANTILES] for part in range(_QUANTILES + 1)})
    told = [_told(edge) for edge in pl.Series(edges, dtype=numbers.dtype).cast(values.dtype)]
    names = [f"{low} to {high}" for low, high in itertools.pairwise(told)]
    where = np.searchsorted(np.array(edges[1:-1]), numbers.fill_null(edges[0]).to_numpy(), side="left")
    return pl.Series(values.name, [names[at] for at in where]).set(values.is_null(), None)


def _told(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _revived(described: dict[str, Any]) -> Slice:
    interval = described["interval"]
    return Slice(**{**described, "interval": None if interval is None else Interval.from_dict(interval)})
