"""What a training gives: the model, and the record of how it came about."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from groundwork.modeling.training._estimators import estimator_name, parameters_of


@dataclass(frozen=True)
class TrainingResult:
    """A trained model with its record.

    Attributes:
        estimator: The fitted model: of a table a scikit-learn ``Pipeline`` of ``preprocess`` and ``estimator`` that
            takes what ``feature_frame`` returns, of a matrix the estimator itself.
        scores: ``validation``: number by metric; ``cross_validation``: by metric ``mean``, ``std``, ``min``, ``max``
            and ``folds``, the number of each.
        history: What happened, in order: of early stopping each round's ``score``, of batches each epoch.
        seconds: How long it took, by the clock given; of a resumed training all its parts together.
        seed: As given.
        settings: What was asked for and what was decided: estimator, parameters, class weights, early stopping, folds.
        rows: How many were learned from.
        out_of_fold: Of cross-validation one row each, in order: ``fold`` (null where none judged it), ``prediction``,
            and where there are probabilities ``probability`` of the second of two classes, else
            ``probability_<class>`` of each.
    """

    estimator: Any
    scores: dict[str, Any]
    history: list[dict[str, Any]]
    seconds: float
    seed: int
    settings: dict[str, Any]
    rows: int
    out_of_fold: pl.DataFrame | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the model and the predictions, for JSON.

        What JSON does not know is told by its ``repr``; a number that is not finite is null.
        """
        record = {name: value for name, value in vars(self).items() if name not in ("estimator", "out_of_fold")}
        plain: dict[str, Any] = as_json(record)
        return plain


def as_json(value: Any) -> Any:
    """Turn facts into what JSON holds.

    Args:
        value: Numbers, texts, mappings and sequences of them, numpy's too; of anything else the ``repr`` is taken.

    Returns:
        The same as plain data; keys are text, and a function is named by where it is found.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [as_json(each) for each in value]
    return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else repr(value)


def described(model: Any) -> dict[str, Any]:
    """Name an estimator and its parameters.

    Args:
        model: The estimator.

    Returns:
        ``estimator`` and ``params``.
    """
    return {"estimator": estimator_name(model), "params": parameters_of(model)}
