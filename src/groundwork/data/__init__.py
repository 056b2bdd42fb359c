"""Datasets one can trust: validation, splits, leakage."""
