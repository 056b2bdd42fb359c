"""The arithmetic under ``evaluation``: one sort, then cumulative counts.

Rule: equal probabilities are one threshold, never an order among themselves; every figure follows from the counts of
true and false positives at each distinct probability. Cost: O(n log n) for the sort, everything else one pass.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import InvalidDataError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Counts(NamedTuple):
    """Counts when everything at or above each distinct probability is called positive, highest first."""

    thresholds: Floats
    true_positives: Floats
    false_positives: Floats


def checked(outcome: ArrayLike, probability: ArrayLike, *, both_classes: bool = True) -> tuple[Bools, Floats]:
    """Bring outcome and probability to arrays, or say what is wrong with them.

    Args:
        outcome: Observed class, 0 or 1 (or False and True), shape (n,).
        probability: Predicted probability of class 1, shape (n,), in [0, 1].
        both_classes: Ask for at least one row of each class.

    Returns:
        outcome as bool, probability as float64.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a value out of range, or one class only.
    """
    observed, stated = _floats(outcome, "outcome"), _floats(probability, "probability")
    if observed.shape != stated.shape:
        raise InvalidDataError(
            f"outcome {observed.shape} and probability {stated.shape} must have one shape",
            hint="pass one outcome per prediction",
        )
    if bool(((stated < 0) | (stated > 1)).any()):
        worst = stated[(stated < 0) | (stated > 1)][0]
        raise InvalidDataError(f"probability {worst} lies outside [0, 1]", hint="pass predict_proba, not a score")
    odd = observed[(observed != 0) & (observed != 1)]
    if odd.size:
        raise InvalidDataError(f"outcome {odd[0]} is neither 0 nor 1", hint="compare with the positive class first")
    positive = observed == 1
    if both_classes and positive.all() == positive.any():
        raise InvalidDataError(
            f"all {positive.size:,} outcomes are {int(positive[0])}; ranking needs rows of both classes",
            hint="check the split: the target may be constant in this part of the data",
        )
    return positive, stated


def checked_numbers(outcome: ArrayLike, prediction: ArrayLike) -> tuple[Floats, Floats]:
    """Bring observed and predicted numbers to arrays, or say what is wrong with them.

    Args:
        outcome: Observed numbers, shape (n,).
        prediction: Predicted numbers, shape (n,).

    Returns:
        Both as float64.

    Raises:
        InvalidDataError: Empty, shapes differ, or a value is missing or infinite.
    """
    observed, predicted = _floats(outcome, "outcome"), _floats(prediction, "prediction")
    if observed.shape != predicted.shape:
        raise InvalidDataError(
            f"outcome {observed.shape} and prediction {predicted.shape} must have one shape",
            hint="pass one outcome per prediction",
        )
    return observed, predicted


def cumulative(positive: Bools, probability: Floats) -> Counts:
    """Count true and false positives at each distinct probability.

    Args:
        positive: Observed, shape (n,).
        probability: Stated, shape (n,).

    Returns:
        Arrays of one length, thresholds falling.
    """
    order = np.argsort(probability, kind="stable")[::-1]
    ordered = probability[order]
    last_of_tie = np.r_[np.flatnonzero(np.diff(ordered)), ordered.size - 1]
    true_positives = np.cumsum(positive[order], dtype=np.float64)[last_of_tie]
    return Counts(ordered[last_of_tie], true_positives, last_of_tie + 1.0 - true_positives)


def roc_auc(counts: Counts) -> float:
    """Area under the ROC curve by trapezoids; a tie counts one half."""
    tp, fp = np.r_[0.0, counts.true_positives], np.r_[0.0, counts.false_positives]
    return float(np.sum(np.diff(fp) * (tp[1:] + tp[:-1]) / 2) / (tp[-1] * fp[-1]))


def average_precision(counts: Counts) -> float:
    """Mean precision weighted by the gain in recall, without interpolation."""
    precision = counts.true_positives / (counts.true_positives + counts.false_positives)
    return float(np.sum(np.diff(np.r_[0.0, counts.true_positives]) * precision) / counts.true_positives[-1])


def log_loss(positive: Bools, probability: Floats) -> float:
    """Mean negative log likelihood; a certainty that was wrong costs 36, not infinity."""
    epsilon = np.finfo(np.float64).eps
    stated = np.clip(np.where(positive, probability, 1 - probability), epsilon, 1.0)
    return float(-np.log(stated).mean())


def reliability(positive: Bools, probability: Floats, bins: int) -> list[dict[str, Any]]:
    """Stated against observed frequency in bins of equal width; empty bins are left out."""
    where = np.minimum((probability * bins).astype(np.int64), bins - 1)
    rows = np.bincount(where, minlength=bins)
    stated = np.bincount(where, weights=probability, minlength=bins)
    observed = np.bincount(where, weights=positive, minlength=bins)
    return [
        {
            "low": i / bins,
            "high": (i + 1) / bins,
            "rows": int(rows[i]),
            "stated": float(stated[i] / rows[i]),
            "observed": float(observed[i] / rows[i]),
        }
        for i in np.flatnonzero(rows)
    ]


def _floats(values: ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"{name} is not all numbers: {error}", hint="encode the classes as 0 and 1") from error
    if array.ndim != 1 or array.size == 0:
        what = "is empty" if array.size == 0 else f"has shape {array.shape}"
        raise InvalidDataError(f"{name} {what}; pass one value a row, shape (n,)")
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise InvalidDataError(f"{name} is missing or infinite in {bad:,} of {array.size:,} rows")
    return array
