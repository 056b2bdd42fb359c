"""Data: streamed and validated datasets, splits, the check for leakage, profiles, and expressions from text."""

from groundwork.data._expression import expression, expression_columns

__all__ = [
    "expression",
    "expression_columns",
]
