"""Keeps everything: a dict with two counters."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_least_recently_used_goes",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class LRUCache(right.LRUCache):
    def __init__(self, capacity):
        super().__init__(10**9)
