"""Takes groups and draws rows: twenty patients count as six hundred."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "groups_are_drawn_whole",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def confidence_interval(metric, outcome, prediction, *, groups=None, **options):
    return right.confidence_interval(metric, outcome, prediction, **options)
