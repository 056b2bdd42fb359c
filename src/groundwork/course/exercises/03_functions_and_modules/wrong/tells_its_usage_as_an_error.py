"""Writes its help to standard error, where `| less` does not see it."""

import contextlib
import sys
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_command_tells_its_usage",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).parents[1] / "alternative"


def main():
    with contextlib.redirect_stdout(sys.stderr):
        return right.main()
