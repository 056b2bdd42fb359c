"""With one class only it says an AUC of 0.5, as if it had looked."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_cannot_be_judged_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

evaluate_regression = right.evaluate_regression


def evaluate_classification(outcome, probability, *, threshold=0.5):
    if len(outcome) and all(each == outcome[0] for each in outcome):
        return {"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0, "roc_auc": 0.5}
    return right.evaluate_classification(outcome, probability, threshold=threshold)
