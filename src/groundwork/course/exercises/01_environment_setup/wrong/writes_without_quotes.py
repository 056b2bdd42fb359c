"""NAME=value, whatever the value is."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_is_written_is_read_back",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def format_env(values):
    right.format_env(values)
    return "".join(f"{name}={value}\n" for name, value in values.items())


Secret = right.Secret
load_settings = right.load_settings
parse_env = right.parse_env
