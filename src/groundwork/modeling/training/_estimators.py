"""Fitting an estimator named by its import path.

Rule: the same rows, parameters and seed give the same model; what cannot be learned from is refused before an
estimator sees it, in words about the data. Cost: the estimator's own, plus one pass over the features.
"""

import difflib
import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.errors import ConfigurationError, InvalidDataError, TrainingFailedError, UnknownPluginError, first_line
from groundwork.modeling.preprocessing import (
    PreprocessingSettings,
    build_preprocessor,
    feature_frame,
    known_categories,
)

_MAX_BINS = 255
_VAR_POSITIONAL, _VAR_KEYWORD = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def import_estimator(path: str) -> type[Any]:
    """Find an estimator class by its import path.

    Args:
        path: As ``sklearn.ensemble.HistGradientBoostingClassifier``; ``my.module:Name`` works too.

    Returns:
        The class; it has ``fit`` and ``predict``.

    Raises:
        ConfigurationError: The path is not one of dotted names.
        UnknownPluginError: There is no such module or name (the hint gives the nearest), or it is not an estimator.
    """
    parts = path.replace(":", ".").split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise ConfigurationError(
            f"estimator {path!r} is not an import path", hint="write sklearn.ensemble.HistGradientBoostingClassifier"
        )
    module_path, name = ".".join(parts[:-1]), parts[-1]
    try:
        module = importlib.import_module(module_path)
    except ImportError as error:
        raise UnknownPluginError(
            f"estimator {path!r}: {error}", hint=f"is {parts[0]!r} installed and {module_path!r} spelled right?"
        ) from error
    found = getattr(module, name, None)
    if found is None:
        near = difflib.get_close_matches(name, dir(module), n=1, cutoff=0.5)
        hint = f"did you mean {module_path}.{near[0]}?" if near else None
        raise UnknownPluginError(f"{module_path} has no {name!r}", hint=hint, context={"path": path})
    if not (inspect.isclass(found) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise UnknownPluginError(
            f"{path!r} is not an estimator: it is no class with fit and predict",
            hint="name a classifier or a regressor class",
        )
    return found


def build_estimator(estimator: str | type[Any], params: Mapping[str, Any] | None = None, *, seed: int = 0) -> Any:
    """Make an unfitted estimator.

    Args:
        estimator: Import path or class.
        params: Its parameters.
        seed: Given as ``random_state`` where the estimator takes one and ``params`` does not set it.

    Returns:
        The instance.

    Raises:
        ConfigurationError: A parameter that it does not have; the hint names the nearest.
        UnknownPluginError: See ``import_estimator``.
    """
    cls = import_estimator(estimator) if isinstance(estimator, str) else estimator
    given = dict(params or {})
    accepted, more = _parameters(cls)
    for name in given:
        if name not in accepted and not more:
            near = difflib.get_close_matches(name, accepted, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(accepted)}"
            raise ConfigurationError(
                f"{cls.__name__} has no parameter {name!r}", hint=hint, context={"parameter": name}
            )
    if "random_state" in accepted:
        given.setdefault("random_state", seed)
    return cls(**given)


def _parameters(cls: type[Any]) -> tuple[list[str], bool]:
    """List what a class can be made with, and whether it takes further names (as XGBClassifier passes them on)."""
    names: list[str] = []
    for each in cls.__mro__[:-1]:
        if "__init__" not in vars(each):
            continue
        kinds = {name: each.kind for name, each in inspect.signature(vars(each)["__init__"]).parameters.items()}
        names += [name for name, kind in list(kinds.items())[1:] if kind not in (_VAR_POSITIONAL, _VAR_KEYWORD)]
        if _VAR_KEYWORD not in kinds.values():
            return names, False
    return names, bool(names)


def train(
    features: pl.DataFrame,
    target: Sequence[Any] | pl.Series | NDArray[Any],
    kinds: Mapping[str, str],
    *,
    estimator: str | type[Any],
    params: Mapping[str, Any] | None = None,
    settings: PreprocessingSettings | None = None,
    seed: int = 0,
) -> Any:
    """Fit preprocessing and estimator as one pipeline.

    Histogram gradient boosting is told which columns are categories, wherever ordinal codes fit into its bins (255
    categories); unless ``params`` say otherwise.

    Args:
        features: One row an example; has every column of ``kinds``.
        target: One value a row, none missing.
        kinds: Feature to kind, in the order that the model sees them.
        estimator: Import path or class.
        params: The estimator's parameters.
        settings: Preprocessing; the defaults if None.
        seed: For the estimator's ``random_state``.

    Returns:
        A fitted scikit-learn ``Pipeline`` of ``preprocess`` and ``estimator``; takes what ``feature_frame`` returns.

    Raises:
        InvalidDataError: No rows, a target of another length, with gaps or (for a classifier) of one class.
        ConfigurationError: No features, an unknown kind or parameter.
        UnknownPluginError: The estimator cannot be imported.
        TrainingFailedError: The estimator failed or the memory ran out; the cause says why.
    """
    from sklearn.base import is_classifier
    from sklearn.pipeline import Pipeline

    model = build_estimator(estimator, params, seed=seed)
    prepared = feature_frame(features, kinds)
    categories = known_categories(prepared, kinds)
    preprocess = build_preprocessor(kinds, settings, categories=categories)
    outcome = _outcome(target, prepared.height, classifier=is_classifier(model))
    if "categorical_features" not in (params or {}):
        _mark_categories(model, settings or PreprocessingSettings(), kinds, categories)
    pipeline = Pipeline([("preprocess", preprocess), ("estimator", model)])
    try:
        return pipeline.fit(prepared, outcome)
    except MemoryError as error:
        raise TrainingFailedError(
            f"memory ran out while fitting {type(model).__name__} on {prepared.height:,} rows",
            hint="use fewer rows or features, or preprocessing.categorical: ordinal",
        ) from error
    except Exception as error:  # an estimator may raise anything; the caller gets one kind of failure with its cause
        raise TrainingFailedError(
            f"{type(model).__name__} failed on {prepared.height:,} rows: {first_line(error)}",
            hint="check model.params against the estimator's documentation",
        ) from error


def _outcome(target: Any, rows: int, *, classifier: bool) -> NDArray[Any]:
    series = target if isinstance(target, pl.Series) else pl.Series("target", target, strict=False)
    if rows == 0:
        raise InvalidDataError("there are no rows to train on", hint="look at filters, dropped rows and the split")
    if len(series) != rows:
        raise InvalidDataError(f"{rows:,} rows but {len(series):,} target values; pass one value a row")
    gaps = series.null_count() + (int(series.is_nan().sum()) if series.dtype.is_float() else 0)
    if gaps:
        raise InvalidDataError(f"the target is missing in {gaps:,} of {rows:,} rows", hint="drop those rows first")
    if classifier and series.n_unique() < 2:
        raise InvalidDataError(
            f"the target has one class only, {series[0]!r}, in all {rows:,} rows; a classifier needs two",
            hint="check the target expression and the rows that the split left for training",
            context={"class": series[0]},
        )
    return np.asarray(series.to_numpy())


def _mark_categories(
    model: Any, settings: PreprocessingSettings, kinds: Mapping[str, str], categories: Mapping[str, Sequence[str]]
) -> None:
    # The preprocessor puts categorical columns first, in the order of `kinds`.
    if settings.categorical != "ordinal" or not categories or "categorical_features" not in model.get_params():
        return
    limit = min(_MAX_BINS, model.get_params().get("max_bins", _MAX_BINS))
    mask = [len(values) <= limit for values in categories.values()]
    if any(mask):
        model.set_params(categorical_features=mask + [False] * (len(kinds) - len(mask)))
