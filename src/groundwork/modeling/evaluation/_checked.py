"""What an evaluation is given, brought to arrays or refused with the reason.

Rule: one value a row, nothing missing, nothing infinite; what cannot be judged is an error here and never a number
further on. Cost: one pass for the smallest and largest value, which NaN does not escape.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import ConfigurationError, InvalidDataError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

# Squares of larger numbers, summed, would be infinite.
_LARGEST = 1e150


class Stated(NamedTuple):
    """Outcomes of two classes beside stated probabilities, and the weights of the rows where they have any."""

    positive: Bools
    probability: Floats
    weights: Floats | None


class Numbers(NamedTuple):
    """Observed beside predicted numbers, and the weights of the rows where they have any."""

    observed: Floats
    predicted: Floats
    weights: Floats | None


def checked(
    outcome: ArrayLike, probability: ArrayLike, *, weights: ArrayLike | None = None, both_classes: bool = True
) -> Stated:
    """Bring outcome and probability to arrays, or say what is wrong with them.

    Args:
        outcome: Observed class, 0 or 1 (or False and True), shape (n,).
        probability: Predicted probability of class 1, shape (n,), in [0, 1].
        weights: Weight of each row, shape (n,); a row of weight 0 is checked and then left out.
        both_classes: Ask for at least one row of each class.

    Returns:
        outcome as bool, probability as float64, and the weights.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a value out of range, or one class only.
    """
    observed, stated = _classes(outcome), floats(probability, "probability")
    same_shape(observed, stated, "probability")
    if stated.min() < 0 or stated.max() > 1:
        worst = stated[(stated < 0) | (stated > 1)][0]
        raise InvalidDataError(f"probability {worst} lies outside [0, 1]", hint="pass predict_proba, not a score")
    positive = observed == 1
    if np.count_nonzero(positive) != np.count_nonzero(observed):
        odd = observed[(observed != 0) & (observed != 1)][0]
        raise InvalidDataError(f"outcome {float(odd)} is neither 0 nor 1", hint="compare with the positive class first")
    kept, weight = weighing(weights, positive.size)
    if kept is not None:
        positive, stated = positive[kept], stated[kept]
    if both_classes:
        need_both_classes(int(np.count_nonzero(positive)), positive.size)
    return Stated(positive, stated, weight)


def checked_numbers(outcome: ArrayLike, prediction: ArrayLike, *, weights: ArrayLike | None = None) -> Numbers:
    """Bring observed and predicted numbers to arrays, or say what is wrong with them.

    Args:
        outcome: Observed numbers, shape (n,).
        prediction: Predicted numbers, shape (n,).
        weights: Weight of each row, shape (n,); a row of weight 0 is checked and then left out.

    Returns:
        Both as float64, and the weights.

    Raises:
        InvalidDataError: Empty, shapes differ, or a value is missing, infinite or beyond 1e150.
    """
    observed, predicted = floats(outcome, "outcome", _LARGEST), floats(prediction, "prediction", _LARGEST)
    same_shape(observed, predicted, "prediction")
    kept, weight = weighing(weights, observed.size)
    if kept is not None:
        observed, predicted = observed[kept], predicted[kept]
    return Numbers(observed, predicted, weight)


def need_both_classes(positives: int, rows: int) -> None:
    """Refuse outcomes that are all of one class.

    Args:
        positives: How many are 1.
        rows: How many there are, at least one.

    Raises:
        InvalidDataError: None is, or all are.
    """
    if positives in (0, rows):
        raise InvalidDataError(
            f"all {rows:,} outcomes are {int(positives > 0)}; ranking needs rows of both classes",
            hint="check the split: the target may be constant in this part of the data",
        )


def checked_threshold(threshold: float) -> float:
    """Refuse a threshold that no probability can be compared with.

    Args:
        threshold: From which probability on a row is called positive.

    Returns:
        The same.

    Raises:
        ConfigurationError: NaN.
    """
    if threshold != threshold:
        raise ConfigurationError(
            "threshold is NaN, so no row could be called", hint="0.5, or what choose_threshold says"
        )
    return float(threshold)


def need_level(level: float) -> None:
    """Refuse a confidence that is none.

    Args:
        level: Of an interval.

    Raises:
        ConfigurationError: It does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise ConfigurationError(f"level {level} is not between 0 and 1", hint="0.95 for 95 %")


def same_shape(outcome: NDArray[Any], other: NDArray[Any], name: str) -> None:
    """Refuse arrays that do not stand beside each other row by row.

    Args:
        outcome: Shape (n,).
        other: Should have the same.
        name: What to call ``other``.

    Raises:
        InvalidDataError: The shapes differ.
    """
    if outcome.shape != other.shape:
        raise InvalidDataError(
            f"outcome {outcome.shape} and {name} {other.shape} must have one shape",
            hint=f"pass one {name} per outcome" if name == "weights" else "pass one outcome per prediction",
        )


def floats(values: ArrayLike, name: str, largest: float = np.inf) -> Floats:
    """Bring values to float64, all of them finite.

    Args:
        values: One number a row, shape (n,).
        name: What to call them.
        largest: Refuse what is further from 0.

    Returns:
        Shape (n,).

    Raises:
        InvalidDataError: No numbers, empty, not of one dimension, or a value is missing, infinite or too large.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"{name} is not all numbers: {error}", hint="of classes, pass 0 and 1") from error
    one_dimension(array, name)
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~np.isfinite(array)).sum())
        raise InvalidDataError(f"{name} is missing or infinite in {bad:,} of {array.size:,} rows")
    if max(-low, high) > largest:
        raise InvalidDataError(f"{name} {low if -low > high else high:g} is too large to be squared")
    return array


def one_dimension(array: NDArray[Any], name: str) -> None:
    """Refuse what is empty or has not one value a row.

    Args:
        array: To be of shape (n,).
        name: What to call it.

    Raises:
        InvalidDataError: It is not.
    """
    if array.ndim != 1 or array.size == 0:
        what = "is empty" if array.size == 0 else f"has shape {array.shape}"
        raise InvalidDataError(f"{name} {what}; pass one value a row, shape (n,)")


def _classes(outcome: ArrayLike) -> NDArray[Any]:
    array = np.asarray(outcome)
    if array.dtype != np.bool_:
        return floats(outcome, "outcome")
    one_dimension(array, "outcome")
    return array


def weighing(weights: ArrayLike | None, rows: int) -> tuple[Bools | None, Floats | None]:
    """Say which rows weigh anything, and how much.

    Args:
        weights: One a row, or None.
        rows: How many there are.

    Returns:
        The rows to keep (None: all), and the weights of those (None: one each).

    Raises:
        InvalidDataError: No numbers, not one a row, missing, infinite, negative, or all 0.
    """
    if weights is None:
        return None, None
    weight = floats(weights, "weights")
    same_shape(np.empty(rows, np.bool_), weight, "weights")
    if weight.min() < 0:
        raise InvalidDataError(f"weight {weight.min()} is negative", hint="weights say how many rows a row stands for")
    kept = weight > 0
    if not kept.any():
        raise InvalidDataError(f"all {rows:,} weights are 0, so nothing is left to judge")
    return (None, weight) if kept.all() else (kept, weight[kept])
