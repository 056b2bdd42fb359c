"""Tells one mistake a start."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "every_mistake_is_told_at_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def load_settings(schema, **options):
    try:
        return right.load_settings(schema, **options)
    except right.SettingsError as error:
        raise right.SettingsError(str(error).splitlines()[0]) from None


Secret = right.Secret
format_env = right.format_env
parse_env = right.parse_env
