"""Takes 8.5 for a port, and makes it 8."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_does_not_fit_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def whole(text):
    return int(float(text))


right.READERS[int] = (whole, "a whole number")
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
