"""Whatever interpreter is named, it looks where it runs itself."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_healthy_environment_is_fine",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check_packages(place):
    own = right.Place(None, place.lock, place.project)
    return right_check(own)


right_check = right.check_packages
right.CHECKS["packages"] = check_packages
Finding = right.Finding
check = right.check
