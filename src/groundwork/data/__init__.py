"""Datasets one can trust: validated as they stream, split, checked for leakage, described; expressions from text."""

from groundwork.data._dataset import Dataset
from groundwork.data._deduplicate import Deduplicated, deduplicate
from groundwork.data._drift import ColumnDrift, drift
from groundwork.data._dtypes import dtype_name, dtype_of
from groundwork.data._duplicates import DuplicateReport
from groundwork.data._expression import expression, expression_columns
from groundwork.data._inference import InferredTypes, draft_schema, infer_types
from groundwork.data._leakage import LeakageFinding, leakage
from groundwork.data._profile import ColumnProfile, Profile, profile
from groundwork.data._profile_page import drift_page, profile_page
from groundwork.data._schema import Column, Schema
from groundwork.data._split import Splits, split
from groundwork.data._validation import ValidationReport, Violation

__all__ = [
    "Column",
    "ColumnDrift",
    "ColumnProfile",
    "Dataset",
    "Deduplicated",
    "DuplicateReport",
    "InferredTypes",
    "LeakageFinding",
    "Profile",
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
    "expression",
    "expression_columns",
    "infer_types",
    "leakage",
    "profile",
    "profile_page",
    "split",
]
