"""Does not look again while RECORD itself is as it was."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_record_is_read_as_it_is_written",
    "files_outside_the_packages_count",
    "checking_changes_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def damaged(site, info):
    key = (str(info), (info / "RECORD").stat().st_mtime_ns) if (info / "RECORD").exists() else None
    if key is None:
        return right_damaged(site, info)
    if key not in known:
        known[key] = right_damaged(site, info)
    return known[key]


known = {}
right_damaged = right.damaged
right.damaged = damaged
Finding = right.Finding
check = right.check
