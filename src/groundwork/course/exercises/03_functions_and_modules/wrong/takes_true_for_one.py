"""The key is the arguments themselves: 1, 1.0 and True are equal, and so are their hashes."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "different_arguments_are_different",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

_key_of = right.key_of


def key_of(value):
    if isinstance(value, (list, tuple, dict)):
        return _key_of(value)
    return value if value.__hash__ else _key_of(value)


right.key_of = key_of
cached = right.cached
