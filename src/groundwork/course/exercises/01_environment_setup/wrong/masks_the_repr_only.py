"""A text with another repr, which str, format and JSON show."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_secret_is_never_shown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


class Secret(str):
    def reveal(self):
        return str(self)

    def __repr__(self):
        return "Secret('***')"


right.READERS[Secret] = (Secret, "text")
right.Secret = Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
