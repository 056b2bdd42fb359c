"""A metric of given rows, ready to be asked again of any resample.

Rule: what is wrong with the rows is said before the first draw; the figure of all rows is computed as every other.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation._checked import Floats, checked, checked_numbers, checked_threshold
from groundwork.modeling.evaluation._draws import Units
from groundwork.modeling.evaluation._weighted import Weighed, of_classification, of_regression, task_of


class Figure(NamedTuple):
    """A metric of all rows, and of any counts of the units that are drawn."""

    name: str
    value: float
    of: Weighed


def figures_of(
    metrics: Sequence[str | Callable[[Any, Any], float]],
    outcome: ArrayLike,
    prediction: ArrayLike,
    units: Units,
    *,
    weights: ArrayLike | None,
    against: ArrayLike | None,
    threshold: float,
    bins: int,
) -> list[Figure]:
    """Make metrics ready.

    Args:
        metrics: Names or functions.
        outcome: One a row.
        prediction: One a row.
        units: What will be drawn.
        weights: Of the rows, or None.
        against: Other predictions to subtract the metric of, or None.
        threshold: For the metrics of calls.
        bins: For the calibration error.

    Returns:
        One a metric.

    Raises:
        InvalidDataError: The rows cannot be judged.
        ConfigurationError: A metric is not known, or the threshold is NaN.
    """
    threshold = checked_threshold(threshold)
    prepare = functools.partial(_weighed, outcome=outcome, units=units, weights=weights, threshold=threshold, bins=bins)
    found = []
    for metric in metrics:
        name = metric if isinstance(metric, str) else getattr(metric, "__name__", "the metric")
        of = prepare(metric, prediction)
        if against is not None:
            of = _difference(of, prepare(metric, against))
        value = float(of(np.ones((1, units.number)))[0])
        if not np.isfinite(value):
            raise InvalidDataError(
                f"{name} of all rows is undefined ({value})", hint="the outcome may be constant in these rows"
            )
        found.append(Figure(name, value, of))
    return found


def figure_of(metric: str, outcome: ArrayLike, prediction: ArrayLike, threshold: float, bins: int) -> float:
    """Compute a metric by its name.

    Args:
        metric: Its name.
        outcome: One a row.
        prediction: One a row.
        threshold: For the metrics of calls.
        bins: For the calibration error.

    Returns:
        The figure of all rows.

    Raises:
        InvalidDataError: The rows cannot be judged.
        ConfigurationError: The metric is not known.
    """
    rows = Units(len(np.asarray(outcome)), None)
    [figure] = figures_of(
        [metric], outcome, prediction, rows, weights=None, against=None, threshold=threshold, bins=bins
    )
    return figure.value


def _weighed(
    metric: str | Callable[[Any, Any], float],
    prediction: ArrayLike,
    *,
    outcome: ArrayLike,
    units: Units,
    weights: ArrayLike | None,
    threshold: float,
    bins: int,
) -> Weighed:
    if not isinstance(metric, str):
        if weights is not None:
            raise ConfigurationError("a function of outcome and prediction takes no weights", hint="name a metric")
        return _called(metric, np.asarray(outcome), np.asarray(prediction), units)
    if task_of(metric) == "classification":
        stated = checked(outcome, prediction, both_classes=False)
        checked(outcome, prediction, weights=weights, both_classes=metric in ("roc_auc", "average_precision"))
        of = of_classification(metric, stated, threshold, bins)
    else:
        checked_numbers(outcome, prediction, weights=weights)
        of = of_regression(metric, *checked_numbers(outcome, prediction)[:2])
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)

    def figures(counts: Floats) -> Floats:
        rows = units.by_row(counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            return of(rows if weight is None else rows * weight)

    return figures


def _called(
    metric: Callable[[Any, Any], float], outcome: NDArray[Any], prediction: NDArray[Any], units: Units
) -> Weighed:
    if len(prediction) != len(outcome):
        raise InvalidDataError(f"{len(outcome):,} outcomes and {len(prediction):,} predictions; pass one a row")

    def figures(counts: Floats) -> Floats:
        rows = units.by_row(counts).astype(np.int64)
        drawn = (np.repeat(np.arange(len(outcome)), each) for each in rows)
        return np.array([metric(outcome[each], prediction[each]) for each in drawn], dtype=np.float64)

    return figures


def _difference(one: Weighed, other: Weighed) -> Weighed:
    return lambda counts: one(counts) - other(counts)
