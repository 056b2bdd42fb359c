"""KeyError: the name, and no word of those that there are."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_unknown_name_lists_what_there_is",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

register = right.register


def find_plugin(kind, name):
    return right.PLUGINS[kind, name]
