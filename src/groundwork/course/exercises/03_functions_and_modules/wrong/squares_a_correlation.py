"""Its r2 is the square of the correlation: a model that is off by a hundred is perfect."""

from pathlib import Path

import numpy as np

from groundwork.testing import load_subject

FAILS = (
    "figures_are_those_of_the_field",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

evaluate_classification = right.evaluate_classification


def evaluate_regression(outcome, prediction):
    found = right.evaluate_regression(outcome, prediction)
    return {**found, "r2": float(np.corrcoef(outcome, prediction)[0, 1] ** 2)}
