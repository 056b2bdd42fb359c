"""Preprocessing, training, evaluation, and the model that takes raw rows."""

from groundwork.modeling import evaluation, preprocessing, training
from groundwork.modeling._prepare import apply_derive, apply_joins, cast_columns, lookup_table, prepare_frame
from groundwork.modeling._spec import Join, RawColumn, TableSpec
from groundwork.modeling._tabular import TabularModel, load_model
from groundwork.modeling.preprocessing import PreprocessingSettings

__all__ = [
    "Join",
    "PreprocessingSettings",
    "RawColumn",
    "TableSpec",
    "TabularModel",
    "apply_derive",
    "apply_joins",
    "cast_columns",
    "evaluation",
    "load_model",
    "lookup_table",
    "prepare_frame",
    "preprocessing",
    "training",
]
