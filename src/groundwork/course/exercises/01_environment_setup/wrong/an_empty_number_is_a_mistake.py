"""Knows no way to say None in a variable."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "empty_is_none_where_none_is_allowed",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def convert(value, wanted):
    if value == "":
        wanted = next(iter(right.typing.get_args(wanted)), wanted)
    return right_convert(value, wanted)


right_convert = right.convert
right.convert = convert
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
