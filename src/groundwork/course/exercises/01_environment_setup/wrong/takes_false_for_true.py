"""bool("False") is True, and so is every text but the empty one."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "text_becomes_what_the_type_says",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")
right.READERS[bool] = (bool, "true or false")
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
