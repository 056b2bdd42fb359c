"""Takes byte code that is not there for damage."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_row_without_a_hash_promises_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def wrong_with(site, path, promised, size):
    if not (site / path).exists():
        return "is missing"
    return right_wrong_with(site, path, promised, size)


right_wrong_with = right.wrong_with
right.wrong_with = wrong_with
Finding = right.Finding
check = right.check
