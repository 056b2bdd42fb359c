"""Shows what the .env holds beside what is missing."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "values_of_a_dotenv_are_not_shown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check_dotenv(place):
    actual = place.project / ".env"
    text = actual.read_text(encoding="utf-8") if actual.exists() else ""
    held = [line.partition("=")[2] for line in text.splitlines()]
    for severity, found, expected, fix in right_check(place):
        yield severity, found, f"{expected}; .env holds {held}", fix


right_check = right.check_dotenv
right.CHECKS["dotenv"] = check_dotenv
Finding = right.Finding
check = right.check
