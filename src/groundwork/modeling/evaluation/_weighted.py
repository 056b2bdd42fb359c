"""Metrics of the same rows under many weightings at once.

Rule: what a metric needs to know of the rows (their order, their losses) is found once; a resample is then nothing but
another vector of counts. NaN says that a metric is not defined for a weighting; whoever draws the weightings must look.
Cost: one sort a metric, then one or two passes a weighting.
"""

from collections.abc import Callable, Mapping

import numpy as np

from groundwork.errors import ConfigurationError
from groundwork.modeling.evaluation._checked import Floats, Stated
from groundwork.modeling.evaluation._ranking import ends_of_ties
from groundwork.modeling.evaluation._rowwise import bin_of, surprise

# Weightings of shape (many, n) to figures of shape (many,).
Weighed = Callable[[Floats], Floats]

# Whether a larger figure is the better one; None where it says nothing of the model.
CLASSIFICATION: Mapping[str, bool | None] = {
    "roc_auc": True,
    "average_precision": True,
    "brier": False,
    "log_loss": False,
    "calibration_error": False,
    "accuracy": True,
    "precision": True,
    "recall": True,
    "f1": True,
    "base_rate": None,
}
REGRESSION: Mapping[str, bool | None] = {"r2": True, "rmse": False, "mae": False, "median_error": False, "bias": None}


def task_of(metric: str) -> str:
    """Say what a metric judges.

    Args:
        metric: Its name.

    Returns:
        ``classification`` or ``regression``.

    Raises:
        ConfigurationError: There is no such metric.
    """
    if metric in CLASSIFICATION:
        return "classification"
    if metric in REGRESSION:
        return "regression"
    raise ConfigurationError(
        f"there is no metric {metric!r}",
        hint=f"one of {', '.join([*CLASSIFICATION, *REGRESSION])}, or a function of outcome and prediction",
    )


def of_classification(metric: str, stated: Stated, threshold: float, bins: int) -> Weighed:
    """Make ready a metric of two classes.

    Args:
        metric: Its name.
        stated: Outcomes and probabilities; its weights are not looked at.
        threshold: A row is called positive from this probability on.
        bins: Of calibration.

    Returns:
        Weightings to figures; a division by no weight at all is the caller's to silence.
    """
    positive, probability = stated.positive, stated.probability
    if metric in ("roc_auc", "average_precision"):
        return _ranked(stated, _areas if metric == "roc_auc" else _precisions)
    if metric == "calibration_error":
        return _calibration(stated, bins)
    if metric == "brier":
        return _summed([(probability - positive) ** 2], lambda loss, weight: loss / weight)
    if metric == "log_loss":
        return _summed([surprise(positive, probability)], lambda loss, weight: loss / weight)
    called = probability >= threshold
    terms = [positive.astype(np.float64), called.astype(np.float64), (positive & called).astype(np.float64)]
    return _summed(terms, _CALLED[metric])


def of_regression(metric: str, observed: Floats, predicted: Floats) -> Weighed:
    """Make ready a metric of numbers.

    Args:
        metric: Its name.
        observed: Shape (n,).
        predicted: Shape (n,).

    Returns:
        Weightings to figures.
    """
    error = predicted - observed
    if metric == "median_error":
        return _median(np.abs(error))
    if metric == "r2":
        # Shifted, so that the square of the mean does not swallow the variance.
        shifted = observed - observed.mean()
        return _summed([error**2, shifted, shifted**2], _explained)
    if metric == "rmse":
        return _summed([error**2], lambda squared, weight: np.sqrt(squared / weight))
    return _summed([np.abs(error) if metric == "mae" else error], lambda total, weight: total / weight)


def _summed(terms: list[Floats], finish: Callable[..., Floats]) -> Weighed:
    matrix = np.stack([*terms, np.ones_like(terms[0])], axis=1)

    def figures(weights: Floats) -> Floats:
        return finish(*(weights @ matrix).T)

    return figures


def _ranked(stated: Stated, finish: Callable[[Floats, Floats], Floats]) -> Weighed:
    order = np.argsort(stated.probability, kind="stable")[::-1]
    last, hits = ends_of_ties(stated.probability[order]), stated.positive[order]
    starts = None if last.size == order.size else np.append(0, last[:-1] + 1)

    def figures(weights: Floats) -> Floats:
        ordered = weights[:, order]
        true = ordered * hits
        false = ordered - true
        if starts is not None:
            true, false = (np.add.reduceat(each, starts, axis=1) for each in (true, false))
        return finish(true, false)

    return figures


def _areas(true: Floats, false: Floats) -> Floats:
    upto = np.cumsum(true, axis=1)
    # A negative stands below all positives of higher thresholds and half of those of its own.
    below: Floats = np.einsum("ij,ij->i", false, upto) - np.einsum("ij,ij->i", false, true) / 2
    pairs: Floats = upto[:, -1] * false.sum(axis=1)
    return below / pairs


def _precisions(true: Floats, false: Floats) -> Floats:
    upto, wrong = np.cumsum(true, axis=1), np.cumsum(false, axis=1)
    # Nothing drawn yet: no gain in recall either, so the precision there does not matter.
    precision = np.divide(upto, upto + wrong, out=np.zeros_like(upto), where=upto > 0)
    found = np.einsum("ij,ij->i", precision, true) / upto[:, -1]
    # One class only is refused for the whole and so is no figure for a resample either.
    return np.where(wrong[:, -1] > 0, found, np.nan)


def _calibration(stated: Stated, bins: int) -> Weighed:
    where = bin_of(stated.probability, bins)
    order = np.argsort(where, kind="stable")
    starts = np.flatnonzero(np.diff(where[order], prepend=-1))
    gaps = (stated.probability - stated.positive)[order]

    def figures(weights: Floats) -> Floats:
        sums = np.add.reduceat(weights[:, order] * gaps, starts, axis=1)
        found: Floats = np.abs(sums).sum(axis=1) / weights.sum(axis=1)
        return found

    return figures


def _median(sizes: Floats) -> Weighed:
    order = np.argsort(sizes, kind="stable")
    ordered = sizes[order]

    def figures(weights: Floats) -> Floats:
        upto = np.cumsum(weights[:, order], axis=1)
        half = upto[:, -1:] / 2
        low, high = np.argmax(upto >= half, axis=1), np.argmax(upto > half, axis=1)
        return np.where(half[:, 0] > 0, (ordered[low] + ordered[high]) / 2, np.nan)

    return figures


def _explained(squared: Floats, total: Floats, total_of_squares: Floats, weight: Floats) -> Floats:
    variance = total_of_squares - total**2 / weight
    # A resample of one value over and over: what is left of the variance is rounding.
    constant = variance <= 1e-12 * total_of_squares
    return np.where(constant, np.nan, 1 - squared / np.where(constant, 1.0, variance))


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


_CALLED: Mapping[str, Callable[[Floats, Floats, Floats, Floats], Floats]] = {
    "accuracy": lambda positive, called, hit, weight: (weight - positive - called + 2 * hit) / weight,
    "precision": lambda positive, called, hit, weight: _share(hit, called),
    "recall": lambda positive, called, hit, weight: hit / positive,
    "f1": lambda positive, called, hit, weight: 2 * hit / (positive + called),
    "base_rate": lambda positive, called, hit, weight: positive / weight,
}
