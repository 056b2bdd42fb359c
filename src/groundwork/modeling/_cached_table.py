"""Results in memory, the least recently used ones leaving first.

Rule: a hit touches nothing but its own entry, so that the quick path needs no lock: it notes a growing number, and who
must leave is found from those numbers when room is needed. Cost: a hit one number; an entry that leaves some steps in a
heap. Entries of an instance go when it goes, and do not keep it.
"""

import heapq
import itertools
import math
import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from groundwork.errors import UsageError


class CacheInfo(NamedTuple):
    """What a cache has done since it was made or cleared.

    Attributes:
        hits: Calls answered from the cache.
        misses: Calls that computed.
        waits: Calls that waited for another call's computation.
        evictions: Entries that left to make room.
        entries: How many there are now.
        size_bytes: Their size, as far as ``max_bytes`` asks for it, or that of the files.
    """

    hits: int
    misses: int
    waits: int
    evictions: int
    entries: int
    size_bytes: int


class Entry:
    """One result.

    Args:
        key: Under which it is found.
        value: The result.
        tick: When it was last used; greater is later.
        expires_s: When it ends, by the cache's clock.
        size: In bytes.
        owner: The identity of the instance that it belongs to, or None.
    """

    __slots__ = ("expires_s", "key", "owner", "size", "tick", "value")

    def __init__(self, key: Any, value: Any, tick: int, expires_s: float, size: int, owner: int | None) -> None:
        self.key, self.value, self.tick, self.expires_s, self.size = key, value, tick, expires_s, size
        self.owner = owner


class Table:
    """The entries of one function; whoever calls anything but ``tick`` holds the cache's lock.

    Args:
        max_entries: How many are kept, or None.
        max_bytes: How many bytes their values may have, or None.

    Attributes:
        entries: By key; the quick path reads it without a lock.
        tick: Gives the next number.
        evictions: How many left to make room.
    """

    def __init__(self, max_entries: int | None, max_bytes: int | None) -> None:
        self.entries: dict[Any, Entry] = {}
        self.tick: Callable[[], int] = itertools.count().__next__
        self.evictions = 0
        self._not_hits = 0
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._bytes = 0
        # When each key was last used, as far as is known here; numbers are never equal, so keys are never compared.
        self._heap: list[tuple[int, Any]] = []
        self._owned: dict[int, tuple[weakref.ref[Any], set[Any]]] = {}
        # Sizes of entries that went with their instance, at an instant when nobody may take the lock.
        self._gone: list[int] = []

    def hits(self) -> int:
        """Count the quick path's numbers, which are all but those that were given for other reasons."""
        self._not_hits += 1
        return self.tick() + 1 - self._not_hits

    def size_bytes(self) -> int:
        """Return the size of all values."""
        while self._gone:
            self._bytes -= self._gone.pop()
        return self._bytes

    def find(self, key: Any, now_s: float) -> Entry | None:
        """Return the entry of a key, if there is one that has not ended; it counts as a hit.

        Args:
            key: The key.
            now_s: The time.
        """
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.expires_s <= now_s:
            self.drop(key)
            return None
        entry.tick = self.tick()
        return entry

    def keep(self, key: Any, value: Any, *, expires_s: float = math.inf, owner: Any = None) -> list[Any]:
        """Take a result in, and make room for it.

        Args:
            key: Its key.
            value: The result.
            expires_s: When it ends.
            owner: The instance that it belongs to, or None.

        Returns:
            What left: let go of it when the lock has been released, for a value's end may run code.
        """
        left: list[Any] = [self.drop(key)]
        size = size_of(value) if self._max_bytes is not None else 0
        if self._max_entries == 0 or (self._max_bytes is not None and size > self._max_bytes):
            return left
        self._not_hits += 1
        entry = Entry(key, value, self.tick(), expires_s, size, None if owner is None else id(owner))
        if owner is not None:
            self._own(owner, key)
        self.entries[key] = entry
        self._bytes += size
        heapq.heappush(self._heap, (entry.tick, key))
        while self._crowded():
            left.append(self._evict())
        return left

    def drop(self, key: Any) -> Any:
        """Take an entry out.

        Args:
            key: Its key.

        Returns:
            The value, or None where there was no such entry.
        """
        entry = self.entries.pop(key, None)
        if entry is None:
            return None
        self._bytes -= entry.size
        known = None if entry.owner is None else self._owned.get(entry.owner)
        if known is not None:
            known[1].discard(key)
        if len(self._heap) > 64 + 2 * len(self.entries):
            self._reorder()
        # The entry keeps its value: the quick path may just be reading it.
        return entry.value

    def clear(self) -> list[Any]:
        """Take all out, and count from nothing.

        Returns:
            The values, as ``keep`` returns them.
        """
        left = [self.drop(key) for key in tuple(self.entries)]
        self._heap.clear()
        self._owned.clear()
        self.evictions = 0
        hits = self.hits()
        self._not_hits += hits
        return left

    def _crowded(self) -> bool:
        if self._max_entries is not None and len(self.entries) > self._max_entries:
            return True
        return self._max_bytes is not None and self.size_bytes() > self._max_bytes and bool(self.entries)

    def _reorder(self) -> None:
        """Write the heap anew: without keys that were forgotten, or stand twice."""
        self._heap = [(each.tick, each.key) for each in tuple(self.entries.values())]
        heapq.heapify(self._heap)

    def _evict(self) -> Any:
        if len(self._heap) < len(self.entries):
            # The end of some value called this very function while the heap was written anew.
            self._reorder()
        while True:
            tick, key = heapq.heappop(self._heap)
            entry = self.entries.get(key)
            if entry is None:
                continue
            if entry.tick == tick:
                self.evictions += 1
                return self.drop(key)
            heapq.heappush(self._heap, (entry.tick, key))

    def _own(self, owner: Any, key: Any) -> None:
        ident = id(owner)
        known = self._owned.get(ident)
        if known is None or known[0]() is not owner:
            try:
                known = weakref.ref(owner, lambda ref: self._forget(ident, ref)), set()
            except TypeError as error:
                raise UsageError(
                    f"a {type(owner).__qualname__} cannot be referred to weakly, so its results would never leave",
                    hint="add '__weakref__' to its __slots__",
                ) from error
            self._owned[ident] = known
        known[1].add(key)

    def _forget(self, ident: int, ref: "weakref.ref[Any]") -> None:
        # Runs wherever the instance ends, perhaps inside any method of this class: no lock, only single steps.
        known = self._owned.get(ident)
        if known is None or known[0] is not ref:
            return
        del self._owned[ident]
        for key in tuple(known[1]):
            entry = self.entries.pop(key, None)
            if entry is not None:
                self._gone.append(entry.size)


def size_of(value: Any) -> int:
    """Estimate the bytes that a value takes: arrays and tables by their content, collections with what they hold.

    Args:
        value: The value.
    """
    for name in ("nbytes", "estimated_size"):
        found = getattr(value, name, None)
        if found is not None and not isinstance(value, type):
            return int(found() if callable(found) else found)
    size = sys.getsizeof(value)
    if isinstance(value, Mapping):
        return size + sum(size_of(key) + size_of(each) for key, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return size + sum(map(size_of, value))
    inner = getattr(value, "__dict__", None)
    return size + size_of(inner) if isinstance(inner, dict) else size
