"""A list of the keys in the order of use; remove() looks at each of them."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "using_it_does_not_scan",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def clear(self):
        super().clear()
        self.order = []

    def get(self, key, default=None):
        if key in self.nodes:
            self.order.remove(key)
            self.order.append(key)
        return super().get(key, default)

    def put(self, key, value):
        if key in self.nodes:
            self.order.remove(key)
        elif len(self) == self.capacity:
            self.pop(self.order[0])
        self.order.append(key)
        super().put(key, value)

    def pop(self, key, default=None):
        if key in self.nodes:
            self.order.remove(key)
        return super().pop(key, default)
