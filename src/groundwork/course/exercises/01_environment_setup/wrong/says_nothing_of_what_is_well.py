"""Gives no finding where nothing is wrong, so that nobody knows whether it looked."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_healthy_environment_is_fine",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, **options):
    return [one for one in right.check(python, **options) if one.severity != "ok"]


Finding = right.Finding
