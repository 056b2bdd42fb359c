"""Data: streamed and validated datasets, splits, the check for leakage, profiles, and expressions from text."""

from groundwork.data._expression import expression, expression_columns
from groundwork.data._schema import Column, Schema, dtype_name

__all__ = [
    "Column",
    "Schema",
    "dtype_name",
    "expression",
    "expression_columns",
]
