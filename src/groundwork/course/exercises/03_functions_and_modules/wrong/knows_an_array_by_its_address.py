"""The key of an array is its id: a copy is another one, a changed one is the same."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "an_array_counts_by_its_content",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

_key_of = right.key_of
_kept = []


def key_of(value):
    if isinstance(value, np.ndarray):
        _kept.append(value)
        return id(value)
    return _key_of(value)


right.key_of = key_of
cached = right.cached
