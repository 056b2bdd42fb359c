"""Leaves what is there, and lets the second believe that it has been taken in."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_taken_name_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

find_plugin = right.find_plugin


def register(kind, name, value=None):
    if value is None:
        return lambda value: register(kind, name, value)
    right.PLUGINS.setdefault((kind, name), value)
    return value
