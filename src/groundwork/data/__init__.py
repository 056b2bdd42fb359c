"""Datasets one can trust: validated as they stream, split, checked for leakage, described; expressions from text."""

from groundwork.data._batch_loader import BatchLoader
from groundwork.data._dataset import Batches, Dataset
from groundwork.data._deduplicate import Deduplicated, deduplicate
from groundwork.data._drift import ColumnDrift, drift
from groundwork.data._dtypes import dtype_name, dtype_of
from groundwork.data._duplicates import DuplicateReport
from groundwork.data._expression import expression, expression_columns
from groundwork.data._feature import Feature
from groundwork.data._feature_correlation import Correlation
from groundwork.data._feature_diff import FeatureChange
from groundwork.data._feature_lineage import Lineage
from groundwork.data._feature_yaml import FeatureChangedWarning
from groundwork.data._features import FeatureRegistry, FeatureUse
from groundwork.data._index import DatasetIndex
from groundwork.data._inference import SPELLINGS, InferredTypes, draft_schema, infer_types
from groundwork.data._leakage import leakage
from groundwork.data._leakage_finding import LeakageFinding
from groundwork.data._lru import LRUCache
from groundwork.data._near import NearNumbers, NearText, near_groups, near_pairs
from groundwork.data._profile import ColumnProfile, Profile, profile
from groundwork.data._profile_page import drift_page, profile_page
from groundwork.data._row_diff import RowDiff, row_diff
from groundwork.data._sample import Sample
from groundwork.data._schema import Column, Schema
from groundwork.data._schema_file import dump_schema, load_schema
from groundwork.data._split import Splits, split
from groundwork.data._validation import Example, ValidationReport, Violation

__all__ = [
    "SPELLINGS",
    "BatchLoader",
    "Batches",
    "Column",
    "ColumnDrift",
    "ColumnProfile",
    "Correlation",
    "Dataset",
    "DatasetIndex",
    "Deduplicated",
    "DuplicateReport",
    "Example",
    "Feature",
    "FeatureChange",
    "FeatureChangedWarning",
    "FeatureRegistry",
    "FeatureUse",
    "InferredTypes",
    "LRUCache",
    "LeakageFinding",
    "Lineage",
    "NearNumbers",
    "NearText",
    "Profile",
    "RowDiff",
    "Sample",
    "Schema",
    "Splits",
    "ValidationReport",
    "Violation",
    "deduplicate",
    "draft_schema",
    "drift",
    "drift_page",
    "dtype_name",
    "dtype_of",
    "dump_schema",
    "expression",
    "expression_columns",
    "infer_types",
    "leakage",
    "load_schema",
    "near_groups",
    "near_pairs",
    "profile",
    "profile_page",
    "row_diff",
    "split",
]
