"""How far predicted numbers lie from observed ones.

Rule: a figure comes from whole arrays or is refused with a reason. Cost: a few passes, a partial sort for the median.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from groundwork.modeling.evaluation._blocks import by_blocks
from groundwork.modeling.evaluation._checked import Floats, Numbers, checked_numbers

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
    numbers = checked_numbers(outcome, prediction, weights=weights)
    observed, predicted, weight = numbers
    sizes = np.empty_like(observed)

    def sums(rows: slice) -> list[float]:
        error = np.subtract(predicted[rows], observed[rows])
        size = np.abs(error, out=sizes[rows])
        return [_total(each, rows, weight) for each in (error, size, error * error)]

    bias, mae, squared = _means(sums, numbers)
    return {
        "r2": _explained(squared, numbers),
        "rmse": math.sqrt(squared),
        "mae": mae,
        "median_error": median(sizes) if weight is None else weighted_median(sizes, weight),
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
    return _explained(float(np.mean((observed - predicted) ** 2)), Numbers(observed, predicted, None))


def median(values: Floats) -> float:
    """Find the middle value, or the mean of the two.

    A sample tells where the middle lies within two in a hundred; only the values there are then put in order.

    Args:
        values: Shape (n,), at least one.

    Returns:
        The same as ``numpy.median``.
    """
    sample = np.sort(values[:: max(1, values.size // _SAMPLE)])
    low, high = sample[int(0.49 * sample.size)], sample[int(0.51 * sample.size)]
    found = by_blocks(lambda rows: _around(values[rows], low, high), values.size)
    first = (values.size - 1) // 2 - sum(below for below, _ in found)
    last = first + 1 - values.size % 2
    inside = np.concatenate([each for _, each in found])
    if first < 0 or last >= inside.size:
        return float(np.median(values))
    return float(np.partition(inside, [first, last])[[first, last]].mean())


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


def _around(values: Floats, low: float, high: float) -> tuple[int, Floats]:
    above = values >= low
    return values.size - int(np.count_nonzero(above)), values[above & (values <= high)]


def _explained(squared: float, numbers: Numbers) -> float:
    observed, _, weight = numbers
    [mean] = _means(lambda rows: [_total(observed[rows], rows, weight)], numbers)
    [variance] = _means(lambda rows: [_total((observed[rows] - mean) ** 2, rows, weight)], numbers)
    # The mean of equal numbers may miss them by a rounding, which is no variance.
    if variance == 0 or observed.min() == observed.max():
        return 1.0 if squared == 0 else 0.0
    return 1 - squared / variance


def _means(sums: Callable[[slice], list[float]], numbers: Numbers) -> list[float]:
    weight = numbers.weights
    whole = numbers.observed.size if weight is None else math.fsum(weight)
    blocks = by_blocks(sums, numbers.observed.size)
    return [math.fsum(each) / whole for each in zip(*blocks, strict=True)]


def _total(values: Floats, rows: slice, weight: Floats | None) -> float:
    return float(np.sum(values if weight is None else values * weight[rows]))
