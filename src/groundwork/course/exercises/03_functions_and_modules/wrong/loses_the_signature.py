"""Copies the name and the docstring by hand; the parameters are *args and **kwargs."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_decorated_function_stays_itself",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

timed, cached, validated = right.timed, right.cached, right.validated


@right.with_options
def logged(fn, **options):
    made = right.logged(fn, **options)
    del made.__wrapped__
    return made
