"""Calls the area under the ROC auc, and the report looks for roc_auc."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "figures_are_those_of_the_field",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

evaluate_regression = right.evaluate_regression


def evaluate_classification(outcome, probability, *, threshold=0.5):
    found = right.evaluate_classification(outcome, probability, threshold=threshold)
    return {**{name: found[name] for name in found if name != "roc_auc"}, "auc": found["roc_auc"]}
