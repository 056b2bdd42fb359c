"""A file that is there is well, whatever is in it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_deleted_or_emptied_file_is_found",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def wrong_with(site, path, promised, size):
    return "is missing" if promised and not (site / path).exists() else None


right.wrong_with = wrong_with
Finding = right.Finding
check = right.check
