"""Data: streamed and validated datasets, splits, the check for leakage, profiles, and expressions from text."""

from groundwork.data._dataset import Dataset
from groundwork.data._expression import expression, expression_columns
from groundwork.data._schema import Column, Schema, dtype_name
from groundwork.data._validation import ValidationReport, Violation

__all__ = [
    "Column",
    "Dataset",
    "Schema",
    "ValidationReport",
    "Violation",
    "dtype_name",
    "expression",
    "expression_columns",
]
