"""Takes zope-interface and Zope.Interface for two packages."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "names_are_compared_in_one_form",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.normalized = lambda name: name
Finding = right.Finding
check = right.check
