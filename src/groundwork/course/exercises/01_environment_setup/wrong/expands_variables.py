"""Puts the home folder where a password has a dollar in it."""

import os
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_value_may_hold_anything",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def entries(text):
    values, mistakes = right_entries(text)
    return {name: (os.path.expandvars(value), line) for name, (value, line) in values.items()}, mistakes


right_entries = right.entries
right.entries = entries
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
