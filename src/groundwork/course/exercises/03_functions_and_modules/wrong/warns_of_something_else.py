"""A UserWarning: tools that look for what is deprecated do not see it."""

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
            warnings.warn(f"{fn.__qualname__} is deprecated: {options}", UserWarning, stacklevel=2)
            return fn(*args, **kwargs)

        return functools.wraps(fn)(wrapper)

    return decorate
