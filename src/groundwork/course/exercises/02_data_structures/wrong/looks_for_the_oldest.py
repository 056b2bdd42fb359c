"""Notes when each was used, and looks through all of them for the oldest."""

import itertools
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "using_it_does_not_scan",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def clear(self):
        super().clear()
        self.used = {}

    def touch(self, key):
        self.used[key] = next(_CLOCK)

    def get(self, key, default=None):
        if key in self.nodes:
            self.touch(key)
        return super().get(key, default)

    def put(self, key, value):
        if key not in self.nodes and len(self) == self.capacity:
            oldest = min(self.used.values())
            self.pop(next(key for key, used in self.used.items() if used == oldest))
        self.touch(key)
        super().put(key, value)

    def pop(self, key, default=None):
        self.used.pop(key, None)
        return super().pop(key, default)


_CLOCK = itertools.count()
