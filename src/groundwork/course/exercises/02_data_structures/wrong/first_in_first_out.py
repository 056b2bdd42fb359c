"""Throws out what came first, however often it was used since: get() does not refresh."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_get_refreshes",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def get(self, key, default=None):
        node = self.nodes.get(key)
        if node is None:
            return super().get(key, default)
        self.hits += 1
        return node[3]
