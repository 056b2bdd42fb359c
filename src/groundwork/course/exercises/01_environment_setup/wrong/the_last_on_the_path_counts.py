"""Lets later folders of sys.path overwrite earlier ones."""

import sys
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_first_on_the_path_counts",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def fingerprint():
    before = list(sys.path)
    sys.path.reverse()
    try:
        return right.fingerprint()
    finally:
        sys.path[:] = before


diff = right.diff
diff = right.diff
