"""What a fitted model scores on rows that it has not seen.

Rule: more is better only for metrics that say so; the names are those of gates in ``pipeline.yaml`` unless others are
asked for. A metric that is not defined (one class, say) is refused, never NaN.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundwork.errors import ConfigurationError, InvalidDataError, first_line
from groundwork.modeling.evaluation import evaluate_classification, evaluate_regression

Scorer = Callable[[Any, Any, NDArray[Any]], float]
Scoring = Sequence[str] | Mapping[str, Scorer] | str
"""Names of scikit-learn's scorers, or functions of (model, features, outcome) by name."""

_NOT_METRICS = frozenset({"rows", "threshold", "base_rate"})
_TINY = 1e-15


def scorers(scoring: Scoring) -> dict[str, Scorer]:
    """Find scorers by their names.

    Args:
        scoring: One name, several, or functions by name.

    Returns:
        Functions by name.

    Raises:
        ConfigurationError: A name is not known.
    """
    if isinstance(scoring, Mapping):
        return dict(scoring)
    from sklearn.metrics import get_scorer, get_scorer_names

    found = {}
    for name in [scoring] if isinstance(scoring, str) else scoring:
        if name not in (known := get_scorer_names()):
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"there is no scorer {name!r}", hint=f"did you mean {near[0]!r}?" if near else "see sklearn.metrics"
            )
        found[name] = get_scorer(name)
    return found


def scores_of(model: Any, features: Any, outcome: NDArray[Any], scoring: Scoring | None = None) -> dict[str, float]:
    """Judge a fitted model.

    Args:
        model: The model.
        features: What it takes.
        outcome: What was observed.
        scoring: Which metrics. None: for two classes with probabilities those of ``evaluate_classification``, for other
            classes ``accuracy`` and, with probabilities, ``log_loss``; for numbers those of ``evaluate_regression``.

    Returns:
        Number by metric.

    Raises:
        InvalidDataError: A metric is not defined here.
        ConfigurationError: A scorer is not known.
    """
    if scoring is not None:
        return {name: _finite(name, scorer, model, features, outcome) for name, scorer in scorers(scoring).items()}
    classes = getattr(model, "classes_", None)
    if classes is None:
        return _metrics(evaluate_regression(outcome, model.predict(features)))
    if not hasattr(model, "predict_proba"):
        return {"accuracy": float(np.mean(model.predict(features) == outcome))}
    probability = model.predict_proba(features)
    if len(classes) == 2:
        require_known(outcome, classes)
        return _metrics(evaluate_classification(outcome == classes[1], probability[:, 1]))
    called = classes[np.argmax(probability, axis=1)]
    return {"accuracy": float(np.mean(called == outcome)), "log_loss": log_loss_of(classes, probability, outcome)}


def default_score(model: Any, features: Any, outcome: NDArray[Any]) -> float:
    """Score for early stopping, more is better: minus the log loss, the accuracy, or minus the mean squared error.

    Args:
        model: Fitted.
        features: What it takes.
        outcome: What was observed.

    Returns:
        The score.

    Raises:
        InvalidDataError: The outcome has a class that the model does not know.
    """
    classes = getattr(model, "classes_", None)
    if classes is None:
        return -float(np.mean((np.asarray(model.predict(features)) - outcome) ** 2))
    require_known(outcome, classes)
    if hasattr(model, "predict_proba"):
        return -log_loss_of(classes, model.predict_proba(features), outcome)
    return float(np.mean(model.predict(features) == outcome))


def log_loss_of(classes: NDArray[Any], probability: NDArray[Any], outcome: NDArray[Any]) -> float:
    """Return the mean of minus the logarithm of the probability of what happened.

    Args:
        classes: Of the model, sorted, shape (k,).
        probability: Shape (n, k).
        outcome: Shape (n,).

    Raises:
        InvalidDataError: The outcome has a class that the model does not know.
    """
    require_known(outcome, classes)
    said = probability[np.arange(len(outcome)), np.searchsorted(classes, outcome)]
    return -float(np.mean(np.log(np.clip(said, _TINY, 1.0))))


def require_known(
    outcome: NDArray[Any],
    classes: NDArray[Any],
    *,
    wrong: str = "is among the rows to judge by, and not among those learned from",
    hint: str = "use stratified folds or splits, or drop the class",
) -> None:
    """Refuse classes that a model does not know.

    Args:
        outcome: Shape (n,).
        classes: Of the model.
        wrong: What is said of a class.
        hint: What to do.

    Raises:
        InvalidDataError: There is one.
    """
    known = np.isin(outcome, classes)
    if not known.all():
        unknown = outcome[~known][0]
        raise InvalidDataError(f"class {unknown!s} {wrong}", hint=hint, context={"class": str(unknown)})


def _finite(name: str, scorer: Scorer, model: Any, features: Any, outcome: NDArray[Any]) -> float:
    try:
        value = float(scorer(model, features, outcome))
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidDataError(
            f"{name} is not defined here: {first_line(error)}", hint="ask for another metric"
        ) from error
    if not np.isfinite(value):
        raise InvalidDataError(f"{name} is {value} on {len(outcome):,} rows", hint="are there rows of both classes?")
    return value


def _metrics(figures: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in figures.items()
        if name not in _NOT_METRICS and isinstance(value, int | float)
    }
