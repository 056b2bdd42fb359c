"""A dataclass for a secret, whose repr shows every field."""

from dataclasses import dataclass
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_secret_is_never_shown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


@dataclass(frozen=True)
class Secret:
    text: str

    def reveal(self):
        return self.text

    def __str__(self):
        return "***"


right.READERS[Secret] = (Secret, "text")
right.Secret = Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
