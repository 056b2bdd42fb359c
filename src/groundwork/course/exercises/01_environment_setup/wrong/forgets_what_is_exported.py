"""Looks for names in the .env alone."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "names_of_the_example_are_set",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check_dotenv(place):
    environ, right.os.environ = right.os.environ, {}
    try:
        yield from list(right_check(place))
    finally:
        right.os.environ = environ


right_check = right.check_dotenv
right.CHECKS["dotenv"] = check_dotenv
Finding = right.Finding
check = right.check
