"""The contract of ``LRUCache``: what it holds, and what goes when it is full.

The subject offers ``LRUCache(capacity)`` with ``get(key, default=None)``, ``put(key, value)``, ``pop(key)``, ``in``,
``len``, ``clear()``, ``hits``, ``misses`` and ``get_or_load(key, load)``, which calls ``load(key)``.
"""

from typing import Any

from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("data/cache")


def _filled(subject: Any, *keys: str, capacity: int = 3) -> Any:
    cache = subject.LRUCache(capacity)
    for key in keys:
        cache.put(key, key.upper())
    return cache


def _expect_keys(cache: Any, expected: str, when: str) -> None:
    expect("".join(key for key in "abcdef" if key in cache), expected, f"keys {when}")


@CHECKS.check(
    Level.BASIC,
    rule="What was put comes back; what was not gives the default.",
    why="A cache that gives another row's features is worse than none: nobody notices.",
    hint="A dict from key to value is all this needs.",
)
def a_cache_gives_back_what_was_put(subject: Any, lab: Lab) -> None:
    """Two keys, a missing one, pop and clear."""
    cache = _filled(subject, "a", "b")
    expect((cache.get("a"), cache.get("b")), ("A", "B"), "values of a and b")
    expect((cache.get("c"), cache.get("c", 7)), (None, 7), "a missing key without and with a default of 7")
    expect(len(cache), 2, "length with two keys")
    cache.pop("a")
    expect((cache.get("a"), cache.get("b"), len(cache)), (None, "B", 1), "a, b and the length after pop('a')")
    cache.clear()
    expect((cache.get("b"), len(cache)), (None, 0), "b and the length after clear()")
    cache.put("d", 4)
    expect(cache.get("d"), 4, "a key that was put after clear()")


@CHECKS.check(
    Level.BASIC,
    rule="When it is full, the entry that was used longest ago goes, and only that one.",
    why="Without a bound a cache is a memory leak with a good hit rate.",
    hint="Keep the keys in the order of their use; collections.OrderedDict has popitem(last=False).",
    after=["a_cache_gives_back_what_was_put"],
)
def the_least_recently_used_goes(subject: Any, lab: Lab) -> None:
    """Five keys into room for three, and room for one."""
    cache = _filled(subject, "a", "b", "c", "d")
    _expect_keys(cache, "bcd", "after a, b, c, d with room for three")
    cache.put("e", 5)
    _expect_keys(cache, "cde", "after a, b, c, d, e with room for three")
    expect(len(cache), 3, "length with room for three")
    _expect_keys(_filled(subject, "a", "b", capacity=1), "b", "after a, b with room for one")


@CHECKS.check(
    Level.EDGE,
    rule="Getting an entry refreshes it.",
    why="Otherwise the model that answers every request is thrown out because it was loaded first.",
    hint="get has to move the key to the end that is thrown out last: move_to_end.",
    after=["the_least_recently_used_goes"],
)
def a_get_refreshes(subject: Any, lab: Lab) -> None:
    """The oldest is read, then the cache overflows."""
    cache = _filled(subject, "a", "b", "c")
    cache.get("a")
    cache.put("d", 4)
    _expect_keys(cache, "acd", "after a, b, c, get a, put d")
    cache.get("c")
    cache.get("a")
    cache.put("e", 5)
    _expect_keys(cache, "ace", "after getting c and a, then put e")


@CHECKS.check(
    Level.EDGE,
    rule="Putting a key that is there replaces its value, refreshes it, and throws nobody out.",
    why="A feature that is updated every second would empty the cache of everything else.",
    hint="Look whether the key is there before you make room for it.",
    after=["the_least_recently_used_goes"],
)
def a_put_replaces(subject: Any, lab: Lab) -> None:
    """The one in the middle is put again, then the oldest."""
    cache = _filled(subject, "a", "b", "c")
    cache.put("b", "new")
    _expect_keys(cache, "abc", "after a, b, c, b again")
    expect((cache.get("b"), len(cache)), ("new", 3), "value of b and the length after putting b again")
    cache = _filled(subject, "a", "b", "c")
    cache.put("a", "new")
    cache.put("d", 4)
    _expect_keys(cache, "acd", "after a, b, c, a again, d")


@CHECKS.check(
    Level.EDGE,
    rule="Asking whether a key is there is not using it.",
    why="A monitor that lists what is cached would keep everything alive, and its questions would count as hits.",
    hint="__contains__ looks into the dict and does nothing else.",
    after=["a_get_refreshes"],
)
def looking_is_not_using(subject: Any, lab: Lab) -> None:
    """The oldest is looked at, then the cache overflows."""
    cache = _filled(subject, "a", "b", "c")
    expect(("a" in cache, "z" in cache), (True, False), "a in cache, z in cache")
    cache.put("d", 4)
    _expect_keys(cache, "bcd", "after a, b, c, 'a' in cache, d")
    expect((cache.hits, cache.misses), (0, 0), "hits and misses after looking only")


@CHECKS.check(
    Level.EDGE,
    rule="None, 0 and '' are values like others; each get counts as a hit or as a miss.",
    why="A look-up whose true answer is None is then done again each time: the cache is slow just where it matters.",
    hint="Ask `key in self.entries`, or use a default that nobody else has: _NOTHING = object().",
    after=["a_cache_gives_back_what_was_put"],
)
def nothing_is_a_value_too(subject: Any, lab: Lab) -> None:
    """Three empty values, read with a default; then loaded."""
    cache = subject.LRUCache(5)
    for value in (None, 0, ""):
        cache.put("a", value)
        expect(cache.get("a", "default"), value, f"the value of a after put('a', {value!r})")
    cache.get("z")
    expect((cache.hits, cache.misses), (3, 1), "hits and misses after three gets of what is there and one of nothing")
    loads: list[str] = []
    for _ in range(3):
        expect(cache.get_or_load("b", loads.append), None, "a loaded None")
    expect(len(loads), 1, "loads of a key whose value is None, asked for three times")
