"""Asks only what the packages of the lock need, not what those need in turn."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_is_needed_is_there",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check_dependencies(place):
    wanted = {name for name, _, _ in right.pins(place.lock)} if place.lock else None
    for finding in right_check(place):
        if wanted is None or finding[1].split()[0] in wanted:
            yield finding


right_check = right.check_dependencies
right.CHECKS["dependencies"] = check_dependencies
Finding = right.Finding
check = right.check
