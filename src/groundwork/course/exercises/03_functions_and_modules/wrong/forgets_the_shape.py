"""Hashes the bytes of an array and nothing else: 2 x 3 ones are 3 x 2 ones."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "an_array_counts_by_its_content",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

_key_of = right.key_of
right.key_of = lambda value: value.tobytes() if isinstance(value, np.ndarray) else _key_of(value)
cached = right.cached
