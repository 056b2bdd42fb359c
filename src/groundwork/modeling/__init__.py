"""Preprocessing, training, evaluation, the model that takes raw rows, and decorators for functions of one's own."""

from groundwork.modeling import evaluation, preprocessing, training
from groundwork.modeling._cached import cache_of, cached
from groundwork.modeling._cached_calls import Cache
from groundwork.modeling._cached_table import CacheInfo
from groundwork.modeling._content_key import content_key
from groundwork.modeling._deprecated import deprecated
from groundwork.modeling._logged import logged
from groundwork.modeling._metric import Metric
from groundwork.modeling._prepare import apply_derive, apply_joins, cast_columns, lookup_table, prepare_frame
from groundwork.modeling._registry import find_plugin, register
from groundwork.modeling._spec import Join, RawColumn, TableSpec
from groundwork.modeling._tabular import TabularModel, load_model
from groundwork.modeling._timed import Timed, Timing, timed
from groundwork.modeling._validated import validated
from groundwork.modeling.preprocessing import PreprocessingSettings

__all__ = [
    "Cache",
    "CacheInfo",
    "Join",
    "Metric",
    "PreprocessingSettings",
    "RawColumn",
    "TableSpec",
    "TabularModel",
    "Timed",
    "Timing",
    "apply_derive",
    "apply_joins",
    "cache_of",
    "cached",
    "cast_columns",
    "content_key",
    "deprecated",
    "evaluation",
    "find_plugin",
    "load_model",
    "logged",
    "lookup_table",
    "prepare_frame",
    "preprocessing",
    "register",
    "timed",
    "training",
    "validated",
]
