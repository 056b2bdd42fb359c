"""Sorts, and of equal scores the one that comes later is the greater."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "equal_scores_count_half",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def area(positive, score):
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    hits = positive.sum()
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * (len(score) - hits)))


right.area = area
evaluate_classification, evaluate_regression = right.evaluate_classification, right.evaluate_regression
