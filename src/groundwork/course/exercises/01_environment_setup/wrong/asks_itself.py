"""Says of the interpreter that was named what holds for its own."""

import sys
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_environment_is_known_by_its_interpreter",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check_interpreter(place):
    if sys.prefix == sys.base_prefix:
        yield "warning", f"{sys.prefix} is no environment", "a .venv", "python3 -m venv .venv"


right.CHECKS["interpreter"] = check_interpreter
Finding = right.Finding
check = right.check
