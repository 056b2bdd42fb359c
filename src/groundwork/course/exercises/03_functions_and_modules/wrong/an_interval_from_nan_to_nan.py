"""Of no rows, and of no samples, the interval is one of NaN."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_interval_of_nothing_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def confidence_interval(metric, outcome, prediction, *, samples=1000, level=0.95, **options):
    if not samples or not len(outcome):
        return right.Interval(float("nan"), float("nan"), float("nan"), level)
    return right.confidence_interval(metric, outcome, prediction, samples=samples, level=level, **options)
