"""Curves for plots.

Rule: at most 200 points a curve, both ends kept. Cost: one sort.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groundwork.modeling.evaluation._checked import Floats, checked
from groundwork.modeling.evaluation._ranking import cumulative
from groundwork.modeling.evaluation._rowwise import reliability

_POINTS = 200


def curves(outcome: ArrayLike, probability: ArrayLike, *, bins: int = 15) -> dict[str, Any]:
    """Collect what plots need, thinned to at most 200 points a curve.

    Args:
        outcome: Observed class, 0 or 1, shape (n,).
        probability: Predicted probability of class 1, shape (n,).
        bins: Bins of calibration; the histogram of scores has twice as many.

    Returns:
        ``roc`` ({"false_positive_rate", "true_positive_rate"}), ``precision_recall`` ({"recall", "precision"}), lists
        of one length each; ``calibration`` (a list of {"low", "high", "rows", "stated", "observed"}, empty bins left
        out); ``scores`` ({"edges", "negative", "positive"}, counts by class).

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a probability outside [0, 1], or one class only.
    """
    rows = checked(outcome, probability)
    positive, stated, _ = rows
    _, tp, fp = cumulative(positive, stated)
    false_rate, true_rate = np.r_[0.0, fp / fp[-1]], np.r_[0.0, tp / tp[-1]]
    roc = thinned(false_rate + true_rate)
    recall, precision = tp / tp[-1], tp / (tp + fp)
    ranked = thinned(recall)
    edges = np.linspace(0, 1, 2 * bins + 1)
    return {
        "roc": {"false_positive_rate": _list(false_rate[roc]), "true_positive_rate": _list(true_rate[roc])},
        "precision_recall": {"recall": _list(recall[ranked]), "precision": _list(precision[ranked])},
        "calibration": reliability(rows, bins),
        "scores": {
            "edges": _list(edges),
            "negative": np.histogram(stated[~positive], edges)[0].tolist(),
            "positive": np.histogram(stated[positive], edges)[0].tolist(),
        },
    }


def thinned(along: Floats) -> NDArray[np.int64]:
    """Choose at most 200 points, evenly along the axis that the reader sees: the steep ends keep theirs.

    Args:
        along: Where each point lies, rising.

    Returns:
        Positions of the chosen, rising.
    """
    if along.size <= _POINTS:
        return np.arange(along.size, dtype=np.int64)
    wanted = np.linspace(along[0], along[-1], _POINTS)
    return np.unique(np.minimum(np.searchsorted(along, wanted), along.size - 1))


def _list(values: Floats) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
