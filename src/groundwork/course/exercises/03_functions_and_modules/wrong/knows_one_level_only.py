"""Takes a level and gives the 95 % that everybody wants."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_interval_is_as_wide_as_it_should_be",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def confidence_interval(metric, outcome, prediction, *, level=0.95, **options):
    found = right.confidence_interval(metric, outcome, prediction, **options)
    return found._replace(level=level)
