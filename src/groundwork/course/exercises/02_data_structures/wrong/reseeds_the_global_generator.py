"""Calls numpy.random.seed(seed): from then on the caller's own draws are the same in each run."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "the_chance_of_others_is_left_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, seed=0, **options):
    np.random.seed(seed)
    return right.split(frame, kind=kind, seed=seed, **options)
