"""Shows the value that does not fit, also that of a Secret."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_error_shows_no_secret",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def convert(value, wanted):
    try:
        return right_convert(value, wanted)
    except ValueError as error:
        raise ValueError(f"{value!r} {error}") from None


right_convert = right.convert
right.convert = convert
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
