"""Makes every array one of float64."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "values_come_back",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
read = right.read


def write(path, value):
    if ".npz" in Path(path).name:
        value = {name: np.asarray(array, dtype=float) for name, array in value.items()}
    right.write(path, value)
