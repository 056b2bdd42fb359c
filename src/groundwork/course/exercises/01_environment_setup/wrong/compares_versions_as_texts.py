"""For which 3.11 comes before 3.9."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "versions_are_no_texts",
    "what_others_need_is_not_missed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.version_key = lambda text: text
Finding = right.Finding
check = right.check
