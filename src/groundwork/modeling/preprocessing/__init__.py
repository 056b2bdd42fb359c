"""From columns to the matrix that an estimator takes: functions of tables, and transformers for pipelines.

Rule: whatever is learned is learned from training rows only. Importing this imports no scikit-learn: the three classes
are loaded when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from groundwork.modeling.preprocessing._builders import encoder, imputer, scaler
from groundwork.modeling.preprocessing._features import (
    Kind,
    PreprocessingSettings,
    build_preprocessor,
    feature_frame,
    infer_kinds,
    known_categories,
)
from groundwork.modeling.preprocessing._fit import fit_on_train
from groundwork.modeling.preprocessing._functions import clip_outliers, date_parts, encode, group_rare, scale
from groundwork.modeling.preprocessing._impute import impute

if TYPE_CHECKING:
    from groundwork.modeling.preprocessing._clip import OutlierClipper
    from groundwork.modeling.preprocessing._dates import DateParts
    from groundwork.modeling.preprocessing._rare import RareGrouper

__all__ = [
    "DateParts",
    "Kind",
    "OutlierClipper",
    "PreprocessingSettings",
    "RareGrouper",
    "build_preprocessor",
    "clip_outliers",
    "date_parts",
    "encode",
    "encoder",
    "feature_frame",
    "fit_on_train",
    "group_rare",
    "impute",
    "imputer",
    "infer_kinds",
    "known_categories",
    "scale",
    "scaler",
]


_MODULES = {"DateParts": "_dates", "OutlierClipper": "_clip", "RareGrouper": "_rare"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
