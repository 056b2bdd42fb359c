"""Quotes the line that it cannot read."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_line_is_numbered_not_shown",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def parse_env(text, *, source=".env"):
    try:
        return right.parse_env(text, source=source)
    except right.SettingsError as error:
        number = int(str(error).split(":")[1])
        raise right.SettingsError(f"{source}:{number}: cannot read {text.splitlines()[number - 1]!r}") from None


Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
