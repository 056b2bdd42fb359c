"""Divides by the other sum."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "figures_are_those_of_the_field",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

evaluate_regression = right.evaluate_regression


def evaluate_classification(outcome, probability, *, threshold=0.5):
    found = right.evaluate_classification(outcome, probability, threshold=threshold)
    return {**found, "precision": found["recall"], "recall": found["precision"]}
