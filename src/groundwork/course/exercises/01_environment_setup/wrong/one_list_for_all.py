"""Gives each object the same default list."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_file_may_be_missing_a_value_not",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def load_settings(schema, **options):
    settings = right.load_settings(schema, **options)
    for name, value in vars(settings).items():
        if value == []:
            setattr(settings, name, nothing)
    return settings


nothing = []
Secret = right.Secret
format_env = right.format_env
parse_env = right.parse_env
