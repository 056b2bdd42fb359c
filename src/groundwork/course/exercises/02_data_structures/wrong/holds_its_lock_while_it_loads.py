"""One lock around it all: a slow load stops everybody."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_slow_load_holds_nobody_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")

_NOTHING = object()


class LRUCache(right.LRUCache):
    def get_or_load(self, key, load):
        with self.lock:
            value = self.get(key, _NOTHING)
            if value is _NOTHING:
                value = load(key)
                self.put(key, value)
            return value
