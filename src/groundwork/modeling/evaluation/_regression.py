"""How far predicted numbers lie from observed ones.

Rule: a figure comes from whole arrays or is refused with a reason. Cost: a few passes, a partial sort for the median.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from groundwork.modeling.evaluation._checked import Floats, checked_numbers


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
    error = predicted - observed
    size = np.abs(error)
    return {
        "r2": r2(observed, predicted, weight),
        "rmse": math.sqrt(_mean(error**2, weight)),
        "mae": _mean(size, weight),
        "median_error": float(np.median(size)) if weight is None else weighted_median(size, weight),
        "bias": _mean(error, weight),
        "rows": int(observed.size),
    }


def r2(observed: Floats, predicted: Floats, weights: Floats | None = None) -> float:
    """Share of the outcome's variance that the prediction explains.

    Args:
        observed: Shape (n,).
        predicted: Shape (n,).
        weights: Above 0, shape (n,).

    Returns:
        At most 1.0; of a constant outcome 1.0 if it is met everywhere and else 0.0.
    """
    residual = _mean((observed - predicted) ** 2, weights)
    variance = _mean((observed - _mean(observed, weights)) ** 2, weights)
    # The mean of equal numbers may miss them by a rounding, which is no variance.
    if variance == 0 or observed.min() == observed.max():
        return 1.0 if residual == 0 else 0.0
    return 1 - residual / variance


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


def _mean(values: Floats, weights: Floats | None) -> float:
    return float(np.mean(values) if weights is None else np.sum(values * weights) / np.sum(weights))
