"""How good a model is, in figures that one can act on.

Rule: a figure is computed from whole arrays of outcomes and probabilities or refused with a reason; NaN never turns
into a metric. Every result is plain data that JSON can hold.
Cost: 50,000 rows in about 20 ms for all classification figures, plus one batch prediction per column and repeat for
the permutation importance.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import ConfigurationError
from groundwork.modeling._metrics import (
    Floats,
    average_precision,
    checked,
    checked_numbers,
    cumulative,
    log_loss,
    reliability,
    roc_auc,
)
from groundwork.modeling._threads import map_in_threads

_POINTS = 200


class FeatureModel(Protocol):
    """What ``permutation_importance`` asks of a model; ``TabularModel`` is one."""

    def prepare(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Raw rows to feature columns."""
        ...

    def score_features(self, features: pl.DataFrame) -> NDArray[Any]:
        """Feature columns to one number a row: probability of the positive class, or predicted value."""
        ...


def evaluate_classification(
    outcome: ArrayLike, probability: ArrayLike, *, threshold: float = 0.5, bins: int = 15
) -> dict[str, Any]:
    """Judge probabilities against what happened.

    Args:
        outcome: Observed class, 0 or 1, shape (n,).
        probability: Predicted probability of class 1, shape (n,).
        threshold: A row is called positive from this probability on.
        bins: Bins of the calibration error.

    Returns:
        Without a threshold: ``roc_auc``, ``average_precision``, ``brier``, ``log_loss``, ``calibration_error``,
        ``base_rate``, ``rows``. At the threshold: ``accuracy``, ``precision`` and ``f1`` (0.0 where nothing is called
        positive), ``recall``, ``confusion`` as [[true negatives, false positives], [false negatives, true positives]]
        and ``threshold`` itself.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a probability outside [0, 1], or one class only.
    """
    positive, stated = checked(outcome, probability)
    counts = cumulative(positive, stated)
    called = stated >= threshold
    tp, fp = int((called & positive).sum()), int((called & ~positive).sum())
    fn, tn = int(positive.sum()) - tp, int((~positive).sum()) - fp
    return {
        "roc_auc": roc_auc(counts),
        "average_precision": average_precision(counts),
        "brier": float(np.mean((stated - positive) ** 2)),
        "log_loss": log_loss(positive, stated),
        "calibration_error": _gap(reliability(positive, stated, bins)),
        "accuracy": (tp + tn) / positive.size,
        "precision": tp / (tp + fp) if tp + fp else 0.0,
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "base_rate": float(positive.mean()),
        "threshold": float(threshold),
        "confusion": [[tn, fp], [fn, tp]],
        "rows": int(positive.size),
    }


def evaluate_regression(outcome: ArrayLike, prediction: ArrayLike) -> dict[str, Any]:
    """Judge predicted numbers against what happened.

    Args:
        outcome: Observed, shape (n,).
        prediction: Predicted, shape (n,).

    Returns:
        ``r2`` (0.0 where the outcome is constant and missed, 1.0 where it is met, as scikit-learn has it), ``rmse``,
        ``mae``, ``median_error`` (median absolute), ``bias`` (mean of prediction minus outcome) and ``rows``.

    Raises:
        InvalidDataError: Empty, shapes differ, or a value is missing or infinite.
    """
    observed, predicted = checked_numbers(outcome, prediction)
    error = predicted - observed
    return {
        "r2": _r2(observed, predicted),
        "rmse": math.sqrt(float(np.mean(error**2))),
        "mae": float(np.abs(error).mean()),
        "median_error": float(np.median(np.abs(error))),
        "bias": float(error.mean()),
        "rows": int(observed.size),
    }


def expected_calibration_error(outcome: ArrayLike, probability: ArrayLike, *, bins: int = 15) -> float:
    """How far stated confidence lies from observed frequency.

    Preferred here to accuracy because a served probability is acted on as a number.

    Args:
        outcome: Observed class, 0 or 1, shape (n,).
        probability: Predicted probability of class 1, shape (n,), in [0, 1].
        bins: Number of bins of equal width.

    Returns:
        Mean absolute gap weighted by rows, in [0, 1]; lower is better.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, or a probability outside [0, 1].

    Source:
        Naeini et al., AAAI 2015.
    """
    return _gap(reliability(*checked(outcome, probability, both_classes=False), bins))


def choose_threshold(outcome: ArrayLike, probability: ArrayLike, *, by: str = "f1") -> float:
    """Find the probability from which on to call a row positive.

    Choose it on validation rows: chosen on the test rows it flatters the test.

    Args:
        outcome: Observed class, 0 or 1, shape (n,).
        probability: Predicted probability of class 1, shape (n,).
        by: What to maximise: ``f1``, ``youden`` (recall plus specificity) or ``accuracy``.

    Returns:
        The highest of the best thresholds; always one of the probabilities given.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a probability outside [0, 1], or one class only.
        ConfigurationError: ``by`` is none of the three.
    """
    positive, stated = checked(outcome, probability)
    thresholds, tp, fp = cumulative(positive, stated)
    positives, negatives = tp[-1], fp[-1]
    rated = {
        "f1": lambda: 2 * tp / (tp + fp + positives),
        "youden": lambda: tp / positives - fp / negatives,
        "accuracy": lambda: tp + negatives - fp,
    }
    if by not in rated:
        raise ConfigurationError(f"cannot choose a threshold by {by!r}", hint=f"one of {', '.join(rated)}")
    return float(thresholds[int(np.argmax(rated[by]()))])


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
    positive, stated = checked(outcome, probability)
    _, tp, fp = cumulative(positive, stated)
    false_rate, true_rate = np.r_[0.0, fp / fp[-1]], np.r_[0.0, tp / tp[-1]]
    roc = _thin(false_rate + true_rate)
    recall, precision = tp / tp[-1], tp / (tp + fp)
    ranked = _thin(recall)
    edges = np.linspace(0, 1, 2 * bins + 1)
    return {
        "roc": {"false_positive_rate": _list(false_rate[roc]), "true_positive_rate": _list(true_rate[roc])},
        "precision_recall": {"recall": _list(recall[ranked]), "precision": _list(precision[ranked])},
        "calibration": reliability(positive, stated, bins),
        "scores": {
            "edges": _list(edges),
            "negative": np.histogram(stated[~positive], edges)[0].tolist(),
            "positive": np.histogram(stated[positive], edges)[0].tolist(),
        },
    }


def permutation_importance(
    model: FeatureModel,
    frame: pl.DataFrame,
    outcome: ArrayLike,
    *,
    columns: Sequence[str] | None = None,
    seed: int = 0,
    rows: int = 20_000,
    repeats: int = 3,
) -> list[dict[str, Any]]:
    """How much worse the model gets when one feature's values are shuffled among the rows.

    Features that say the same (as two temperatures) share their importance, so each of them may look unimportant.

    Args:
        model: Prepares raw rows and scores features.
        frame: Raw rows that the model was not trained on.
        outcome: One number a row; judged by ROC AUC where it is 0 and 1, else by R2.
        columns: The features to shuffle; all if None.
        seed: For the sample and the shuffles.
        rows: At most so many rows, sampled.
        repeats: Shuffles a feature.

    Returns:
        [{"column", "mean", "std"}], largest mean drop first.

    Raises:
        InvalidDataError: Shapes differ, or a missing outcome.
        ConfigurationError: A column is not a feature of the model.
    """
    observed, _ = checked_numbers(outcome, np.zeros(frame.height))
    rng = np.random.default_rng(seed)
    if frame.height > rows:
        chosen = np.sort(rng.choice(frame.height, rows, replace=False))
        frame, observed = frame[chosen], observed[chosen]
    features = model.prepare(frame)
    unknown = [name for name in columns or () if name not in features.columns]
    if unknown:
        raise ConfigurationError(f"{unknown} are no features of the model", hint=f"one of {features.columns}")
    judge = _judge(observed)
    base = judge(model.score_features(features))
    names = list(columns or features.columns)
    # Drawn before the work is parted among threads, so that the result does not depend on who comes first.
    shuffles = [(name, rng.permutation(features.height)) for name in names for _ in range(repeats)]

    def drop(shuffle: tuple[str, NDArray[np.int64]]) -> float:
        name, order = shuffle
        return base - judge(model.score_features(features.with_columns(features[name][order])))

    drops = np.array(map_in_threads(drop, shuffles)).reshape(len(names), repeats)
    found: list[dict[str, Any]] = [
        {"column": name, "mean": float(row.mean()), "std": float(row.std())}
        for name, row in zip(names, drops, strict=True)
    ]
    return sorted(found, key=lambda entry: entry["mean"], reverse=True)


def _judge(observed: Floats) -> Callable[[ArrayLike], float]:
    positive = observed == 1
    if np.isin(observed, (0.0, 1.0)).all() and positive.any() != positive.all():
        # By ranks alone: the score may as well be a regression's, of a number that happens to be 0 or 1.
        return lambda score: roc_auc(cumulative(positive, checked_numbers(observed, score)[1]))
    return lambda score: _r2(*checked_numbers(observed, score))


def _r2(observed: Floats, predicted: Floats) -> float:
    residual = float(np.sum((observed - predicted) ** 2))
    total = float(np.sum((observed - observed.mean()) ** 2))
    if total == 0:
        return 1.0 if residual == 0 else 0.0
    return 1 - residual / total


def _gap(bins: list[dict[str, Any]]) -> float:
    rows = sum(each["rows"] for each in bins)
    return float(sum(each["rows"] * abs(each["stated"] - each["observed"]) for each in bins) / rows)


def _thin(along: Floats) -> NDArray[np.int64]:
    # Evenly along the axis that the reader sees, not along the ranks: the steep ends keep their points.
    if along.size <= _POINTS:
        return np.arange(along.size, dtype=np.int64)
    wanted = np.linspace(along[0], along[-1], _POINTS)
    return np.unique(np.minimum(np.searchsorted(along, wanted), along.size - 1))


def _list(values: Floats) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
