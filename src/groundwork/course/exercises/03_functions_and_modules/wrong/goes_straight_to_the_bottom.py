"""Unwraps what it is given, so that the decorators below it do nothing."""

import inspect
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "decorators_can_be_stacked",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

logged, cached, validated = right.logged, right.cached, right.validated


@right.with_options
def timed(fn, **options):
    return right.timed(inspect.unwrap(fn), **options)
