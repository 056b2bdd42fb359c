"""Warns once, when the function is defined, and those who call it never."""

import warnings
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_deprecated_call_warns_its_caller",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def deprecated(**options):
    def decorate(fn):
        warnings.warn(f"{fn.__qualname__} is deprecated: {options}", PendingDeprecationWarning, stacklevel=2)
        return fn

    return decorate
