"""Looks, loads, puts: every thread that came before the first put loads as well."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_key_is_loaded_once",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")

_NOTHING = object()


class LRUCache(right.LRUCache):
    def get_or_load(self, key, load):
        value = self.get(key, _NOTHING)
        if value is _NOTHING:
            value = load(key)
            self.put(key, value)
        return value
