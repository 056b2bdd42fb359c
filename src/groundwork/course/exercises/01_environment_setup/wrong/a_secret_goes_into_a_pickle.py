"""Masked wherever it is printed, and plain in a queue between processes."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_secret_is_never_shown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


class Secret(right.Secret):
    def __init__(self, text):
        self.text = text

    def reveal(self):
        return self.text

    def __hash__(self):
        return hash(self.text)

    def __reduce__(self):
        return Secret, (self.text,)


right.READERS[Secret] = (Secret, "text")
right.Secret = Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
