"""An interpreter that runs is at its place."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_moved_environment_is_told",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.CHECKS["moved"] = right.check_interpreter
Finding = right.Finding
check = right.check
