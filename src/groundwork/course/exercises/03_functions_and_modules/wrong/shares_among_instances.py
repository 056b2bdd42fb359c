"""Leaves self out of the key, because it cannot be hashed: all models have the price of the first."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "methods_are_decorated_too",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

timed, logged, validated = right.timed, right.logged, right.validated
_key_of = right.key_of


def key_of(value):
    return None if hasattr(value, "price") else _key_of(value)


right.key_of = key_of
cached = right.cached
