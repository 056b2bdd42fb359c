"""Writes down each package's folder."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_build_counts_and_a_place_does_not",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.build = str
diff = right.diff
fingerprint = right.fingerprint
