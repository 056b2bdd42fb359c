"""NaN >= 0.5 is false, so a model that says nothing is right about every negative."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "what_cannot_be_judged_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

evaluate_regression = right.evaluate_regression


def evaluate_classification(outcome, probability, *, threshold=0.5):
    return right.evaluate_classification(outcome, np.nan_to_num(probability, nan=0.0), threshold=threshold)
