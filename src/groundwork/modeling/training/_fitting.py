"""One fit: preprocessing, class weights and early stopping, all learned from the rows to learn from alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from groundwork.errors import MLException, TrainingFailedError, first_line
from groundwork.modeling.preprocessing import PreprocessingSettings, build_preprocessor, feature_frame, known_categories
from groundwork.modeling.training._class_weights import ClassWeight, class_weights, row_weights
from groundwork.modeling.training._early_stopping import EarlyStopping, Stopped, method_of
from groundwork.modeling.training._estimators import parameters_of
from groundwork.modeling.training._examples import Examples, require_classes
from groundwork.modeling.training._rounds import Rows, fit_early

_MAX_BINS = 255
_PARAMS = "check model.params against the estimator's documentation"
_GAPS = "it takes no gaps: fill them (preprocessing.numeric_impute: median), or choose histogram gradient boosting"


@dataclass(frozen=True)
class Recipe:
    """How each model of a training is fitted; of cross-validation there are several.

    Attributes:
        make: Makes the unfitted estimator, a new one for each fit.
        classifier: Whether it tells classes apart.
        settings: Of the preprocessing.
        mark: Whether boosting is told which columns are categories.
        class_weight: As the caller gave it, checked.
        early_stopping: When to stop, or None.
        seed: Of the order of rows.
    """

    make: Callable[[], Any]
    classifier: bool
    settings: PreprocessingSettings
    mark: bool
    class_weight: ClassWeight | None
    early_stopping: EarlyStopping | None
    seed: int


@dataclass(frozen=True)
class Fitted:
    """What came out of a fit.

    Attributes:
        model: A pipeline of ``preprocess`` and ``estimator``; of a matrix the estimator.
        class_weight: Weight by class, or None.
        stopped: How it was stopped early, or None.
    """

    model: Any
    class_weight: dict[Any, float] | None
    stopped: Stopped | None


def fit_recipe(recipe: Recipe, learn: Examples, judge: Examples | None = None) -> Fitted:
    """Fit once.

    Args:
        recipe: How.
        learn: The rows to learn from.
        judge: The rows that say when to stop, if it is stopped early.

    Returns:
        The model and what was decided on the way.

    Raises:
        InvalidDataError: A classifier has one class to learn from.
        TrainingFailedError: The estimator failed or the memory ran out; the cause says why.
    """
    if recipe.classifier:
        require_classes(learn.outcome)
    model = recipe.make()
    name, rows = type(model).__name__, learn.rows
    try:
        return _fit(recipe, model, learn, judge)
    except MLException:
        raise
    except MemoryError as error:
        raise TrainingFailedError(
            f"memory ran out while fitting {name} on {rows:,} rows",
            hint="use fewer rows or features, or preprocessing.categorical: ordinal",
        ) from error
    except Exception as error:  # an estimator may raise anything; the caller gets one kind of failure with its cause
        said = first_line(error)
        raise TrainingFailedError(
            f"{name} failed on {rows:,} rows: {said}", hint=_GAPS if "NaN" in said else _PARAMS
        ) from error


def fit_preprocessor(
    frame: pl.DataFrame, kinds: Mapping[str, str], settings: PreprocessingSettings | None = None
) -> Any:
    """Fit the preprocessing alone, as on a sample of rows that are too many to be in memory at once.

    Args:
        frame: The rows to learn categories, medians and scales from.
        kinds: Feature to kind.
        settings: How; the defaults if None.

    Returns:
        A fitted ``ColumnTransformer`` for what ``feature_frame`` returns.

    Raises:
        InvalidDataError: A feature is absent or cannot be read as its kind.
        ConfigurationError: There is no feature, or a kind is unknown.
    """
    prepared = feature_frame(frame, kinds)
    return build_preprocessor(kinds, settings, categories=known_categories(prepared, kinds)).fit(prepared)


def _fit(recipe: Recipe, model: Any, learn: Examples, judge: Examples | None) -> Fitted:
    from sklearn.pipeline import Pipeline

    by_class = _weights_by_class(recipe, learn)
    weight = row_weights(model, by_class, learn.outcome, learn.weight, method=method_of(model, recipe.early_stopping))
    preprocess, matrix = None, learn.features
    if isinstance(learn.features, pl.DataFrame):
        categories = known_categories(learn.features, learn.kinds)
        preprocess = build_preprocessor(learn.kinds, recipe.settings, categories=categories)
        if recipe.mark:
            _mark_categories(model, recipe.settings, learn.kinds, categories)
        matrix = preprocess.fit_transform(learn.features, learn.outcome)
    rows = Rows(matrix, learn.outcome, weight)
    stopped = None
    if recipe.early_stopping is not None and judge is not None:
        seen = judge.features if preprocess is None else preprocess.transform(judge.features)
        model, stopped = fit_early(model, recipe.early_stopping, rows, Rows(seen, judge.outcome), seed=recipe.seed)
    else:
        model.fit(rows.features, rows.outcome, **rows.weights)
    pipeline = model if preprocess is None else Pipeline([("preprocess", preprocess), ("estimator", model)])
    return Fitted(pipeline, by_class, stopped)


def _weights_by_class(recipe: Recipe, learn: Examples) -> dict[Any, float] | None:
    if recipe.class_weight is None:
        return None
    classes, counts = np.unique(learn.outcome, return_counts=True)
    return class_weights(recipe.class_weight, classes, counts)


def _mark_categories(
    model: Any, settings: PreprocessingSettings, kinds: Mapping[str, str], categories: Mapping[str, Sequence[str]]
) -> None:
    # The preprocessor puts categorical columns first, in the order of `kinds`.
    if settings.categorical != "ordinal" or not categories or "categorical_features" not in parameters_of(model):
        return
    limit = min(_MAX_BINS, model.get_params().get("max_bins", _MAX_BINS))
    mask = [len(values) <= limit for values in categories.values()]
    if any(mask):
        model.set_params(categorical_features=mask + [False] * (len(kinds) - len(mask)))
