"""As a decorator it registers the function and leaves None under its name."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_was_registered_is_found",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

find_plugin = right.find_plugin


def register(kind, name, value=None):
    if value is None:
        return lambda value: None if right.register(kind, name, value) else None
    return right.register(kind, name, value)
