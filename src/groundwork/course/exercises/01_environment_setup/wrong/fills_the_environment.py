"""Puts the .env into os.environ, where the next load finds it before the file."""

import os
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "loading_changes_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def load_settings(schema, *, env_file=None, environ=None, **options):
    if environ is None:
        for name, value in right.parse_env(Path(env_file).read_text()).items():
            os.environ.setdefault(name, value)
    return right.load_settings(schema, env_file=env_file, environ=environ, **options)


Secret = right.Secret
format_env = right.format_env
parse_env = right.parse_env
