"""How far predicted numbers lie from observed ones.

Rule: a figure comes from whole arrays or is refused with a reason. Cost: a few passes, a partial sort for the median.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from groundwork.modeling.evaluation._blocks import by_blocks
from groundwork.modeling.evaluation._checked import Floats, checked_numbers

_SAMPLE = 10_000


def evaluate_regression(
    outcome: ArrayLike, prediction: ArrayLike, *, weights: ArrayLike | None = None
) -> dict[str, Any]:
    """Judge predicted numbers against what happened.

    Args:
        outcome: Observed, shape (n,).
        prediction: Predicted, shape (n,).
        weights: How many rows each row stands for, shape (n,); one each if None. A row of weight 0 is left out.

    Returns:
        ``r2`` (0.0 where the outcome is constant and missed, 1.0 where it is met, as scikit-learn has it), ``rmse``,
        ``mae``, ``median_error`` (median absolute), ``bias`` (mean of prediction minus outcome) and ``rows``.

    Raises:
        InvalidDataError: Empty, shapes differ, a value is missing, infinite or beyond 1e150, or a weight is negative.
    """
    observed, predicted, weight = checked_numbers(outcome, prediction, weights=weights)
    low, high = _middle(np.abs(predicted[:: _step(observed)] - observed[:: _step(observed)]))

    def sums(rows: slice) -> tuple[list[float], tuple[int, Floats]]:
        error = predicted[rows] - observed[rows]
        size = np.abs(error)
        totals = [_total(each, rows, weight) for each in (error, size, error * error, observed[rows])]
        return totals, _around(size, low, high)

    blocks = by_blocks(sums, observed.size)
    bias, mae, squared, mean = _means([totals for totals, _ in blocks], observed.size, weight)
    found = None if weight is not None else _from_around([around for _, around in blocks], observed.size)
    return {
        "r2": _explained(squared, mean, observed, weight),
        "rmse": math.sqrt(squared),
        "mae": mae,
        "median_error": _median(np.abs(predicted - observed), weight) if found is None else found,
        "bias": bias,
        "rows": int(observed.size),
    }


def r2(observed: Floats, predicted: Floats) -> float:
    """Share of the outcome's variance that the prediction explains.

    Args:
        observed: Shape (n,).
        predicted: Shape (n,).

    Returns:
        At most 1.0; of a constant outcome 1.0 if it is met everywhere and else 0.0.
    """
    squared = float(np.mean((observed - predicted) ** 2))
    return _explained(squared, float(np.mean(observed)), observed, None)


def weighted_median(values: Floats, weights: Floats) -> float:
    """Find the value with half of the weight on each side; between two such values, their mean.

    Args:
        values: Shape (n,).
        weights: Above 0, shape (n,).

    Returns:
        For whole weights the median of each value repeated as often as it weighs.
    """
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order])
    half = upto[-1] / 2
    low, high = np.searchsorted(upto, half, "left"), np.searchsorted(upto, half, "right")
    return float((values[order[low]] + values[order[min(high, values.size - 1)]]) / 2)


def _median(values: Floats, weight: Floats | None) -> float:
    return float(np.median(values)) if weight is None else weighted_median(values, weight)


def _step(values: Floats) -> int:
    return max(1, values.size // _SAMPLE)


def _middle(sample: Floats) -> tuple[float, float]:
    """Guess between which values the median lies; only those there are then put in order."""
    ordered = np.sort(sample)
    return ordered[int(0.49 * ordered.size)], ordered[int(0.51 * ordered.size)]


def _around(values: Floats, low: float, high: float) -> tuple[int, Floats]:
    above = values >= low
    return values.size - int(np.count_nonzero(above)), values[above & (values <= high)]


def _from_around(around: list[tuple[int, Floats]], rows: int) -> float | None:
    """Tell the median from the values near it; None where the guess was wrong."""
    inside = np.concatenate([each for _, each in around])
    first = (rows - 1) // 2 - sum(below for below, _ in around)
    last = first + 1 - rows % 2
    if first < 0 or last >= inside.size:
        return None
    return float(np.partition(inside, [first, last])[[first, last]].mean())


def _explained(squared: float, mean: float, observed: Floats, weight: Floats | None) -> float:
    blocks = by_blocks(lambda rows: [_total((observed[rows] - mean) ** 2, rows, weight)], observed.size)
    [variance] = _means(blocks, observed.size, weight)
    # The mean of equal numbers may miss them by a rounding, which is no variance.
    rounding = variance <= (1e-12 * mean) ** 2 and observed.min() == observed.max()
    if variance == 0 or rounding:
        return 1.0 if squared == 0 else 0.0
    return 1 - squared / variance


def _means(blocks: list[list[float]], rows: int, weight: Floats | None) -> list[float]:
    whole = rows if weight is None else math.fsum(weight)
    return [math.fsum(each) / whole for each in zip(*blocks, strict=True)]


def _total(values: Floats, rows: slice, weight: Floats | None) -> float:
    return float(np.sum(values if weight is None else values * weight[rows]))
