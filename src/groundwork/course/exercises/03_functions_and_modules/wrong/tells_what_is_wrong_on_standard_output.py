"""Prints what is wrong with the usage into the result."""

import contextlib
import sys
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "wrong_usage_is_told_by_the_status",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).parents[1] / "alternative"


def main():
    with contextlib.redirect_stderr(sys.stdout):
        return right.main()
