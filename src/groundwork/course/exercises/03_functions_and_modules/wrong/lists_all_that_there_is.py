"""Lists the names of every kind: steps for one who asked for a metric."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_unknown_name_lists_what_there_is",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

register = right.register


def find_plugin(kind, name):
    if (kind, name) not in right.PLUGINS:
        raise KeyError(f"no {name}; there are {sorted(name for _, name in right.PLUGINS)}")
    return right.PLUGINS[kind, name]
