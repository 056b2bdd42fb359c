"""Asks `if value is None` to know whether the key is there."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "nothing_is_a_value_too",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def get(self, key, default=None):
        value = super().get(key)
        if value is None:
            return default
        return value
