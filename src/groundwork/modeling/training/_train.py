"""Training with all rows in memory: fit, stop early, cross-validate.

Rule: the same rows, parameters and seed give the same model; numpy's global state is neither read nor set. Cost: the
estimator's own, one pass over the features, and with cross-validation one fit more a fold.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from groundwork.data import BatchLoader
from groundwork.errors import ConfigurationError
from groundwork.modeling.preprocessing import PreprocessingSettings
from groundwork.modeling.training._class_weights import ClassWeight, check_class_weight
from groundwork.modeling.training._cross_validation import judge_folds
from groundwork.modeling.training._early_stopping import EarlyStopping, method_of
from groundwork.modeling.training._estimators import prepared_estimator, takes
from groundwork.modeling.training._examples import Examples, examples, require_classes
from groundwork.modeling.training._fitting import Recipe, fit_recipe
from groundwork.modeling.training._folds import Folds, fold_rows, validation_rows
from groundwork.modeling.training._result import TrainingResult, described
from groundwork.modeling.training._scoring import Scoring, scorers, scores_of
from groundwork.resilience import Clock, SystemClock


def train(
    estimator: Any,
    data: Any,
    *,
    target: Any,
    features: Mapping[str, str] | Sequence[str] | None = None,
    params: Mapping[str, Any] | None = None,
    settings: PreprocessingSettings | None = None,
    weight: Any = None,
    class_weight: ClassWeight | None = None,
    validation: Any = None,
    early_stopping: EarlyStopping | None = None,
    folds: Folds | None = None,
    scoring: Scoring | None = None,
    seed: int = 0,
    clock: Clock | None = None,
) -> TrainingResult:
    """Fit preprocessing and estimator as one pipeline, and judge it if asked to.

    Histogram gradient boosting is told which columns are categories, wherever ordinal codes fit into its bins (255
    categories); unless ``params`` say otherwise.

    Args:
        estimator: Import path, class, or object of any scikit-learn estimator; an object is never changed.
        data: A table (a Dataset, a polars frame, anything that offers itself through Arrow), or a matrix (an array, a
            sparse matrix), which is given to the estimator as it is.
        target: The column of the table, or one value a row, none missing.
        features: Feature to kind in the order that the model sees them, or names; None: all columns that are not
            target, weight, group or time.
        params: The estimator's parameters.
        settings: Preprocessing of a table; the defaults if None.
        weight: A column, or one number a row: how much each row counts.
        class_weight: ``balanced``, or weight by class; through the estimator's ``class_weight`` or ``sample_weight``.
        validation: Rows that are not learned from: a table with the same columns, ``(features, target)``, or the share
            of the rows to part off (by groups and times, as ``folds`` has it; else each class in equal shares). They
            are scored, and say when to stop early.
        early_stopping: When to stop; see ``EarlyStopping``.
        folds: How to cross-validate, before the model itself is fitted.
        scoring: Metrics; see ``scores_of``.
        seed: For the estimator's ``random_state``, shuffles and folds.
        clock: What ``seconds`` is measured with.

    Returns:
        The model with scores, history, settings and predictions out of fold.

    Raises:
        InvalidDataError: No rows, a target of another length, with gaps or (for a classifier) of one class.
        ConfigurationError: No features, an unknown kind or parameter; something asked for that the estimator lacks.
        UnknownPluginError: The estimator cannot be imported.
        TrainingFailedError: The estimator failed or the memory ran out; the cause says why.
    """
    from sklearn.base import is_classifier

    ticking = clock or SystemClock()
    began = ticking.monotonic()
    if isinstance(data, BatchLoader):
        raise ConfigurationError("a BatchLoader gives batches, not rows", hint="use train_batches, or pass the table")
    _check_kinds(early_stopping, folds)
    make = partial(prepared_estimator, estimator, params, seed=seed)
    model = make()
    besides = folds.named if folds is not None else []
    rows = examples(data, target, features=features, weight=weight, besides=besides)
    classifier = is_classifier(model)
    mark = "categorical_features" not in (params or {}) and (isinstance(estimator, str | type))
    recipe = Recipe(make, classifier, settings or PreprocessingSettings(), mark, class_weight, early_stopping, seed)
    _check(recipe, model, rows, validation, settings, scoring)
    scores: dict[str, Any] = {}
    out_of_fold = sizes = None
    held = _held(validation, rows, target)
    if folds is not None:
        parts = fold_rows(rows, folds, seed=seed, classifier=classifier)
        judged = judge_folds(recipe, rows, parts, scoring=scoring, validation=held, folds=folds)
        scores["cross_validation"], out_of_fold, sizes = judged.scores, judged.out_of_fold, judged.sizes
    if isinstance(held, float):
        learn, judge = validation_rows(rows, held, folds, seed=seed, classifier=classifier)
        rows, held = rows.take(learn), rows.take(judge)
    fitted = fit_recipe(recipe, rows, held)
    if held is not None:
        scores["validation"] = scores_of(fitted.model, held.features, held.outcome, scoring)
    stopped = fitted.stopped
    decided = {
        **described(model),
        "features": dict(rows.kinds),
        "settings": recipe.settings.model_dump() if rows.kinds else None,
        "class_weight": fitted.class_weight,
        "early_stopping": None if stopped is None else stopped.to_dict(),
        "folds": None if folds is None else {**folds.to_dict(), "rows": sizes},
    }
    history = [{"round": at, "score": score} for at, score in enumerate(stopped.scores, 1)] if stopped else []
    seconds = ticking.monotonic() - began
    return TrainingResult(fitted.model, scores, history, seconds, seed, decided, rows.rows, out_of_fold)


def _check_kinds(early_stopping: object, folds: object) -> None:
    """Refuse a plain number, or True, where it has to be said what is meant."""
    for name, given, kind in (("early_stopping", early_stopping, EarlyStopping), ("folds", folds, Folds)):
        if given is not None and not isinstance(given, kind):
            example = "EarlyStopping(patience=10)" if kind is EarlyStopping else "Folds('stratified', count=5)"
            raise ConfigurationError(f"{name} is {given!r}; it must be {kind.__name__}(…)", hint=f"as {example}")


def _check(
    recipe: Recipe,
    model: Any,
    rows: Examples,
    validation: Any,
    settings: PreprocessingSettings | None,
    scoring: Scoring | None,
) -> None:
    """Refuse what cannot be meant before the first fit, which may take hours."""
    if recipe.classifier:
        require_classes(rows.outcome)
    if recipe.early_stopping is not None:
        if validation is None:
            raise ConfigurationError(
                "early stopping needs rows that are not learned from",
                hint="pass validation=0.1, or a table of rows as validation",
            )
        recipe.early_stopping.scorer  # noqa: B018 - an unknown name is told here
    method = method_of(model, recipe.early_stopping)
    if not rows.kinds and settings is not None:
        raise ConfigurationError("a matrix is not preprocessed", hint="leave settings out, or pass a table")
    if rows.weight is not None and not takes(getattr(model, method), "sample_weight"):
        raise ConfigurationError(
            f"{type(model).__name__} takes no sample_weight", hint="leave weight out, or choose another estimator"
        )
    classes = np.unique(rows.outcome).tolist() if recipe.classifier else None
    check_class_weight(recipe.class_weight, model, classifier=recipe.classifier, method=method, classes=classes)
    if scoring is not None:
        scorers(scoring)


def _held(validation: Any, rows: Examples, target: Any) -> Examples | float | None:
    """Make of what the caller gave as validation rows, or the share that is to be parted off."""
    if validation is None:
        return None
    if isinstance(validation, bool):
        raise ConfigurationError(f"validation is {validation}", hint="say how many: validation=0.1")
    if isinstance(validation, int | float):
        return float(validation)
    data, outcome = validation if isinstance(validation, tuple) and len(validation) == 2 else (validation, target)
    return examples(data, outcome, features=rows.kinds or None)
