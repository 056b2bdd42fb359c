"""Whatever version is there meets every requirement."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "each_finding_says_what_to_do",
    "a_version_out_of_range_is_told",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.fits = lambda version, wanted: True
Finding = right.Finding
check = right.check
