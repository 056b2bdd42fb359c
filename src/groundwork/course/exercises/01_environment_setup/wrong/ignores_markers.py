"""Misses on Linux what the lock has for Windows."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "markers_decide_what_counts",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.applies = lambda marker, version: True
Finding = right.Finding
check = right.check
