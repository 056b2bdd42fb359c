"""Shuffles with random.shuffle, after random.seed(seed)."""

import random
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_chance_of_others_is_left_alone",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, seed=0, **options):
    random.seed(seed)
    return right.split(frame, kind=kind, seed=random.getrandbits(32), **options)
