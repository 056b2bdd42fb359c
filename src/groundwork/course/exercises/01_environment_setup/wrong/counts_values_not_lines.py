"""A value over two lines counts as one line in messages."""

import re
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_line_is_numbered_not_shown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def parse_env(text, *, source=".env"):
    try:
        return right.parse_env(text, source=source)
    except right.SettingsError:
        whole = re.sub(r"'[^']*'", lambda quoted: quoted[0].replace("\n", " "), text)
        return right.parse_env(whole, source=source)


Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
