"""Takes whatever follows a # for a comment."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_value_may_hold_anything",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def unquoted(value):
    return value.partition("#")[0].strip()


right.unquoted = unquoted
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
