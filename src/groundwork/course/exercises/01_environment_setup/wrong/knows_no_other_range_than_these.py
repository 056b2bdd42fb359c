"""Passes over the operators that it does not know."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_version_out_of_range_is_told",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def fits(version, wanted):
    return right_fits(version, ",".join(one for one in wanted.split(",") if not one.strip().startswith(("~", "!"))))


right_fits = right.fits
right.fits = fits
Finding = right.Finding
check = right.check
