"""Splits at each =, and takes what stands between the first two."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_dotenv_gives_values_by_name",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def unquoted(value):
    return right_unquoted(value).split("=")[0]


right_unquoted = right.unquoted
right.unquoted = unquoted
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
