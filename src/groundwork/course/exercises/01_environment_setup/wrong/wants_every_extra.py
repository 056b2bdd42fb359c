"""Misses what only the tests of a package need."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_others_need_is_not_missed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def requirements(info):
    return [line.split("; extra")[0] for line in right_requirements(info)]


right_requirements = right.requirements
right.requirements = requirements
Finding = right.Finding
check = right.check
