"""A package without a RECORD has no file that could be wrong."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_lost_record_is_no_health",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def damaged(site, info):
    return [what for what in right_damaged(site, info) if not what.startswith("RECORD")]


right_damaged = right.damaged
right.damaged = damaged
Finding = right.Finding
check = right.check
