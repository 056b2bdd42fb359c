"""A load that raised leaves its mark: whoever comes next waits for a thread that has gone."""

import threading
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_load_is_not_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")

_NOTHING = object()


class LRUCache(right.LRUCache):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.running = {}

    def get_or_load(self, key, load):
        with self.lock:
            value = self.get(key, _NOTHING)
            if value is not _NOTHING:
                return value
            done, first = self.running.get(key), False
            if done is None:
                done, first = self.running.setdefault(key, threading.Event()), True
        if not first:
            done.wait()
            return self.get(key)
        value = load(key)
        self.put(key, value)
        del self.running[key]
        done.set()
        return value
