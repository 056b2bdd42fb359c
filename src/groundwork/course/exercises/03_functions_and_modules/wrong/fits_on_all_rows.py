"""Learns from all parts together: the test has told the training where it lies."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "the_test_is_not_learned_from",
    "constant_and_missing_are_scaled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def impute(train, *others, how="median"):
    return _cut(right.impute(np.vstack([train, *others]), how=how)[0], train, *others)


def scale(train, *others, how="standard"):
    return _cut(right.scale(np.vstack([train, *others]), how=how)[0], train, *others)


def _cut(rows, *parts):
    return tuple(np.split(rows, np.cumsum([len(part) for part in parts])[:-1]))
