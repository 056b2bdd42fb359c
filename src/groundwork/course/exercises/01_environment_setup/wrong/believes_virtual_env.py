"""Takes VIRTUAL_ENV for the proof of an environment."""

import os
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_environment_is_known_by_its_interpreter",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check_interpreter(place):
    if "VIRTUAL_ENV" not in os.environ:
        yield "warning", "no environment is active", "an active one", "source .venv/bin/activate"


right.CHECKS["interpreter"] = check_interpreter
Finding = right.Finding
check = right.check
