"""An error lists all raw values, so that one sees what was read."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_error_shows_no_secret",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def load_settings(schema, *, environ=None, arguments=None, **options):
    try:
        return right.load_settings(schema, environ=environ, arguments=arguments, **options)
    except right.SettingsError as error:
        raise right.SettingsError(f"{error}\nread: {environ}") from None


Secret = right.Secret
format_env = right.format_env
parse_env = right.parse_env
