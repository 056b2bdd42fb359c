"""Models judged on the rows that they have not seen, fold by fold.

Rule: whatever is learned (preprocessing, class weights, when to stop) is learned anew in each fold from its own rows.
Cost: one fit a fold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError, TrainingFailedError
from groundwork.modeling.training._examples import Examples, Indices
from groundwork.modeling.training._fitting import Recipe, fit_recipe
from groundwork.modeling.training._folds import Folds, validation_rows
from groundwork.modeling.training._scoring import Scoring, scores_of


@dataclass(frozen=True)
class Judged:
    """What cross-validation found.

    Attributes:
        scores: By metric ``mean``, ``std`` (of the folds, n - 1), ``min``, ``max`` and ``folds``.
        out_of_fold: Predictions, one row each.
        sizes: Of each fold the rows learned from and judged.
    """

    scores: dict[str, dict[str, Any]]
    out_of_fold: pl.DataFrame
    sizes: list[dict[str, int]]


def judge_folds(
    recipe: Recipe,
    rows: Examples,
    parts: Sequence[tuple[Indices, Indices]],
    *,
    scoring: Scoring | None,
    validation: Examples | float | None,
    folds: Folds,
) -> Judged:
    """Fit and judge a model for each fold.

    Args:
        recipe: How each is fitted.
        rows: All rows.
        parts: Of each fold the rows to learn from and to judge by.
        scoring: Which metrics; see ``scores_of``.
        validation: What says when to stop early: rows, or the share that each fold parts off its own.
        folds: In whose way it does so.

    Returns:
        Scores and predictions.

    Raises:
        InvalidDataError: A fold has one class to learn from, or a metric is not defined in it; the message names it.
        TrainingFailedError: A fit failed; the message names the fold.
    """
    found = _Predictions(rows, recipe.classifier)
    scores = []
    for number, (learn, judge) in enumerate(parts):
        try:
            fitted = _fit(recipe, rows.take(learn), validation, folds)
            seen = rows.take(judge)
            scores.append(scores_of(fitted, seen.features, seen.outcome, scoring))
        except (InvalidDataError, TrainingFailedError) as error:
            raise type(error)(
                f"fold {number + 1} of {len(parts)}: {error.message}", hint=error.hint, context=error.context
            ) from error
        found.add(number, judge, fitted, seen.features)
    sizes = [{"train": len(learn), "test": len(judge)} for learn, judge in parts]
    return Judged({name: _spread([each[name] for each in scores]) for name in scores[0]}, found.frame(), sizes)


def _fit(recipe: Recipe, rows: Examples, validation: Examples | float | None, folds: Folds) -> Any:
    if recipe.early_stopping is None or validation is None:
        return fit_recipe(recipe, rows).model
    if isinstance(validation, Examples):
        return fit_recipe(recipe, rows, validation).model
    learn, judge = validation_rows(rows, validation, folds, seed=recipe.seed, classifier=recipe.classifier)
    return fit_recipe(recipe, rows.take(learn), rows.take(judge)).model


def _spread(values: list[float]) -> dict[str, Any]:
    each = np.array(values)
    return {
        "mean": float(each.mean()),
        "std": float(each.std(ddof=1)),
        "min": float(each.min()),
        "max": float(each.max()),
        "folds": values,
    }


class _Predictions:
    """Puts the predictions of all folds into the places of their rows."""

    def __init__(self, rows: Examples, classifier: bool) -> None:
        self._fold = np.full(rows.rows, -1)
        self._classes = np.unique(rows.outcome) if classifier else None
        kind = rows.outcome.dtype if classifier else np.float64
        self._prediction = np.zeros(rows.rows, dtype=kind)
        self._probability: NDArray[np.float64] | None = None

    def add(self, number: int, where: Indices, model: Any, features: Any) -> None:
        self._fold[where] = number
        self._prediction[where] = model.predict(features)
        if self._classes is None or not hasattr(model, "predict_proba"):
            return
        if self._probability is None:
            self._probability = np.zeros((len(self._fold), len(self._classes)))
        # A fold may lack a class that others have; its model gives it no probability.
        places = np.searchsorted(self._classes, model.classes_)
        self._probability[np.ix_(where, places)] = model.predict_proba(features)

    def frame(self) -> pl.DataFrame:
        columns = {"fold": pl.Series(self._fold), "prediction": pl.Series(self._prediction)}
        if self._probability is not None and self._classes is not None:
            if len(self._classes) == 2:
                columns["probability"] = pl.Series(self._probability[:, 1])
            else:
                for name, values in zip(self._classes.tolist(), self._probability.T, strict=True):
                    columns[f"probability_{name}"] = pl.Series(values)
        judged = pl.col("fold") >= 0
        return pl.DataFrame(columns).select(pl.when(judged).then(pl.col(name)).alias(name) for name in columns)
