"""Takes every pin with a marker for one of another platform."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_lock_is_read_as_it_is_written",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.applies = lambda marker, version: not marker.strip()
Finding = right.Finding
check = right.check
