"""`in` asks get(): looking refreshes, and counts as a hit."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "looking_is_not_using",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")

_NOTHING = object()


class LRUCache(right.LRUCache):
    def __contains__(self, key):
        return self.get(key, _NOTHING) is not _NOTHING
