"""Takes a line of the description for a requirement."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_others_need_is_not_missed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def requirements(info):
    lines = (info / "METADATA").read_text(encoding="utf-8").splitlines()
    return [line.partition(":")[2] for line in lines if line.startswith("Requires-Dist:")]


right.requirements = requirements
Finding = right.Finding
check = right.check
