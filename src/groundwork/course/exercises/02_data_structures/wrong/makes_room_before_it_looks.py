"""Throws one out for each put, also where the key is there already."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_put_replaces",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def put(self, key, value):
        if len(self) == self.capacity:
            self.pop(self.head[0][2])
        super().put(key, value)
