"""How good probabilities of several classes are.

Rule: a figure that a class without rows cannot have is None, never 0; averages are over the classes that have rows.
Cost: one sort a class.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import InvalidDataError
from groundwork.modeling.evaluation._checked import Floats, Integers, Stated, one_dimension, weighing
from groundwork.modeling.evaluation._classification import calibration_gap
from groundwork.modeling.evaluation._ranking import average_precision, cumulative, roc_auc
from groundwork.modeling.evaluation._rowwise import row_sums, surprise

_SUM_TOLERANCE = 1e-5


def evaluate_multiclass(
    outcome: ArrayLike,
    probability: ArrayLike,
    *,
    classes: Sequence[Any] | None = None,
    bins: int = 15,
    weights: ArrayLike | None = None,
) -> dict[str, Any]:
    """Judge probabilities of several classes against what happened.

    Args:
        outcome: Observed class of each row, shape (n,).
        probability: Predicted probability of each class, shape (n, k); a row sums to 1.
        classes: The class of each column; 0 to k - 1 if None.
        bins: Bins of the calibration error.
        weights: How many rows each row stands for, shape (n,); one each if None. A row of weight 0 is left out.

    Returns:
        ``accuracy`` (the first of the most probable classes is called), ``log_loss``, ``brier`` (summed over classes,
        in [0, 2]), ``calibration_error`` (of the called class), ``rows``; means over the classes that have rows:
        ``precision_macro``, ``recall_macro``, ``f1_macro``; ``roc_auc_macro``, of each class against the rest, or None
        if a class has no rows, or all of them; ``confusion`` (observed by called); and ``classes``: by name ``rows``,
        ``precision`` (0.0 where the class is never called), ``recall``, ``f1``, ``roc_auc`` and
        ``average_precision``, of which the last four are None where the class has no rows, and ``roc_auc`` also where
        it has all.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a probability outside [0, 1], a row that does not sum
            to 1, an outcome that is none of the classes, or a negative weight.
    """
    stated = _probabilities(probability)
    names = list(range(stated.shape[1])) if classes is None else list(classes)
    if len(names) != stated.shape[1] or len(set(names)) != len(names):
        raise InvalidDataError(f"{names} must name each of {stated.shape[1]} columns of probabilities once")
    observed = _columns(outcome, names)
    if observed.size != len(stated):
        raise InvalidDataError(f"{observed.size:,} outcomes and {len(stated):,} rows of probabilities; pass one a row")
    kept, weight = weighing(weights, observed.size)
    if kept is not None:
        observed, stated = observed[kept], stated[kept]
    called = stated.argmax(axis=1)
    each = [_one_class(observed == column, called == column, stated[:, column], weight) for column in range(len(names))]
    present = [figures for figures in each if figures["recall"] is not None]
    ranked = [figures["roc_auc"] for figures in each]
    hit, rows = observed == called, np.arange(observed.size)
    likelihood, confidence = stated[rows, observed], stated[rows, called]
    gap = stated.copy()
    gap[rows, observed] -= 1
    return {
        "accuracy": _mean(hit, weight),
        "log_loss": _mean(surprise(np.ones_like(hit), likelihood), weight),
        "brier": _mean((gap**2).sum(axis=1), weight),
        "calibration_error": calibration_gap(row_sums(Stated(hit, confidence, weight), 0.5, bins)),
        **{f"{name}_macro": _plain_mean([figures[name] for figures in present]) for name in _CALLED},
        "roc_auc_macro": None if None in ranked else _plain_mean(ranked),
        "confusion": _confusion(observed, called, weight, len(names)),
        "classes": {str(name): figures for name, figures in zip(names, each, strict=True)},
        "rows": int(observed.size),
    }


_CALLED = ("precision", "recall", "f1")


def _one_class(positive: NDArray[np.bool_], called: NDArray[np.bool_], stated: Floats, weight: Floats | None) -> Any:
    rows, calls, hits = (_total(each, weight) for each in (positive, called, positive & called))
    precision = hits / calls if calls else 0.0
    found: dict[str, Any] = {"rows": rows, "precision": precision}
    if not rows:
        return found | dict.fromkeys(("recall", "f1", "roc_auc", "average_precision"))
    counts = cumulative(positive, stated, weight)
    return found | {
        "recall": hits / rows,
        "f1": 2 * hits / (rows + calls),
        "roc_auc": None if positive.all() else roc_auc(counts),
        "average_precision": average_precision(counts),
    }


def _probabilities(probability: ArrayLike) -> Floats:
    try:
        stated = np.asarray(probability, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"probability is not all numbers: {error}") from error
    if stated.ndim != 2 or stated.shape[1] < 2 or len(stated) == 0:
        raise InvalidDataError(
            f"probability has shape {stated.shape}; pass a row for each outcome and a column for each class",
            hint="evaluate_classification judges the probability of one class",
        )
    if not np.isfinite(stated).all():
        raise InvalidDataError(f"probability is missing or infinite in {int((~np.isfinite(stated)).sum()):,} places")
    if stated.min() < 0 or stated.max() > 1:
        worst = stated[(stated < 0) | (stated > 1)][0]
        raise InvalidDataError(f"probability {worst} lies outside [0, 1]", hint="pass predict_proba, not a score")
    off = np.abs(stated.sum(axis=1) - 1)
    if off.max() > _SUM_TOLERANCE:
        row = int(off.argmax())
        raise InvalidDataError(f"the probabilities of row {row} sum to {stated[row].sum():.6g}, not to 1")
    return stated


def _columns(outcome: ArrayLike, names: list[Any]) -> Integers:
    """Find the column of each row's class."""
    labels = np.asarray(outcome)
    one_dimension(labels, "outcome")
    column = {name: at for at, name in enumerate(names)}
    # Labels of mixed types do not sort, so they are told apart as Python does.
    found = dict.fromkeys(labels.tolist())
    unknown = [label for label in found if label not in column]
    if unknown:
        raise InvalidDataError(
            f"outcome {unknown[0]!r} is none of the classes {names}", hint="name all, in the order of columns"
        )
    if labels.dtype == object:
        return np.array([column[label] for label in labels.tolist()], dtype=np.int64)
    distinct, where = np.unique(labels, return_inverse=True)
    return np.array([column[label] for label in distinct.tolist()], dtype=np.int64)[where]


def _confusion(observed: Integers, called: Integers, weight: Floats | None, size: int) -> list[list[float]]:
    cells = np.bincount(observed * size + called, weight, minlength=size * size)
    return [list(row) for row in cells.reshape(size, size).tolist()]


def _total(rows: NDArray[np.bool_], weight: Floats | None) -> float:
    return int(np.count_nonzero(rows)) if weight is None else float(weight[rows].sum())


def _mean(values: NDArray[Any], weight: Floats | None) -> float:
    return float(np.average(values, weights=weight))


def _plain_mean(values: list[float]) -> float:
    return sum(values) / len(values)
