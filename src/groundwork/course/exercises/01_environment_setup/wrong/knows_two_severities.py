"""Calls what is well True, and what is not False."""

from dataclasses import replace
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_healthy_environment_is_fine",
    "names_of_the_example_are_set",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, **options):
    found = right.check(python, **options)
    return [replace(one, severity=one.severity == "ok") for one in found]


Finding = right.Finding
