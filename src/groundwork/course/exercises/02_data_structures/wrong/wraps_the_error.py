"""Raises an error of its own in place of the load's: whoever retries on the one does not know the other."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_failed_load_is_not_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def get_or_load(self, key, load):
        try:
            return super().get_or_load(key, load)
        except Exception as error:
            raise OSError(f"cannot load {key!r}") from error
