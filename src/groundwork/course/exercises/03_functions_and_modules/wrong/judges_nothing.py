"""Of no rows the error is NaN, which is below no limit and above none."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_cannot_be_judged_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

evaluate_classification = right.evaluate_classification


def evaluate_regression(outcome, prediction):
    if not len(outcome):
        return {"rmse": float("nan"), "mae": float("nan"), "r2": float("nan")}
    return right.evaluate_regression(outcome, prediction)
