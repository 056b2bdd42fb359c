"""Datasets one can trust: validated as they stream, split, checked for leakage, described; expressions from text."""

from groundwork.data._batch_loader import BatchLoader
from groundwork.data._dataset import Batches, Dataset
from groundwork.data._deduplicate import Deduplicated, deduplicate
from groundwork.data._dtypes import dtype_name, dtype_of
from groundwork.data._duplicates import DuplicateReport
from groundwork.data._expression import expression, expression_columns
from groundwork.data._leakage import LeakageFinding, leakage
from groundwork.data._near import NearNumbers, NearText, near_groups, near_pairs
from groundwork.data._profile import ColumnProfile, Profile, profile
from groundwork.data._schema import Column, Schema
from groundwork.data._split import Splits, split
from groundwork.data._validation import Example, ValidationReport, Violation

__all__ = [
    "BatchLoader",
    "Batches",
    "Column",
    "ColumnProfile",
    "Dataset",
    "Deduplicated",
    "DuplicateReport",
    "Example",
    "LeakageFinding",
    "NearNumbers",
    "NearText",
    "Profile",
    "Schema",
    "Splits",
    "ValidationReport",
    "Violation",
    "deduplicate",
    "dtype_name",
    "dtype_of",
    "expression",
    "expression_columns",
    "leakage",
    "near_groups",
    "near_pairs",
    "profile",
    "split",
]
