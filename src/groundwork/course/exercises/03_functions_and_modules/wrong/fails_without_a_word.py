"""Wrong usage ends with 2, and nobody is told why."""

import contextlib
import io
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "wrong_usage_is_told_by_the_status",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).parents[1] / "alternative"


def main():
    with contextlib.redirect_stderr(io.StringIO()):
        return right.main()
