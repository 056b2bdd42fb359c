"""Warns with the line of the decorator: the same for every caller."""

import functools
import warnings
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_deprecated_call_warns_its_caller",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def deprecated(**options):
    def decorate(fn):
        def wrapper(*args, **kwargs):
            warnings.warn(f"{fn.__qualname__} is deprecated: {options}", DeprecationWarning, stacklevel=1)
            return fn(*args, **kwargs)

        return functools.wraps(fn)(wrapper)

    return decorate
