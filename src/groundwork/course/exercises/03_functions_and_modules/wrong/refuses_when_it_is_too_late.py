"""Writes first and looks then: it refuses, and the new one has the name."""

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
    before = right.PLUGINS.get((kind, name), value)
    right.PLUGINS[kind, name] = value
    if before is not value:
        raise ValueError(f"the {kind} {name!r} is there already")
    return value
