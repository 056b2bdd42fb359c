"""A cache of bounded size that lets go of what was not asked for the longest.

Rule: a value is loaded once, however many threads ask for it at the same time; an error is never kept. Every method
may be called from any thread; ``load`` and ``on_evict`` run outside the lock, so they may use the cache themselves.
Cost: a dict look-up and a move in a linked list, whatever the size.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Any, Generic, TypeVar, overload

from groundwork.data._whole import require_whole
from groundwork.errors import UsageError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_MISSING: Any = object()


class LRUCache(Generic[K, V]):
    """Values by key, at most ``capacity`` of them; the least recently used goes first.

    Args:
        capacity: How many values are kept.
        on_evict: Called with key and value of each one that had to make room; not for what ``put`` replaces or
            ``pop`` and ``clear`` take out. What it raises reaches the caller whose value came in, and is kept.

    Attributes:
        capacity: As given.
        hits: How often ``get`` or ``get_or_load`` found a value, or waited for one that came.
        misses: How often they did not.

    Raises:
        ConfigurationError: The capacity is not a whole number from 1.
    """

    def __init__(self, capacity: int, on_evict: Callable[[K, V], object] | None = None) -> None:
        self.capacity = require_whole("capacity", capacity, 1)
        self.hits = 0
        self.misses = 0
        self._on_evict = on_evict
        self._values: OrderedDict[K, V] = OrderedDict()
        self._loads: dict[K, _Load[V]] = {}
        self._lock = threading.Lock()

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"LRUCache({len(self)} of {self.capacity}, {self.hits} hits, {self.misses} misses)"

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: Any = None) -> Any:
        """Give the value of a key, which is now the most recently used.

        Args:
            key: The key.
            default: What to answer where there is none.

        Returns:
            The value, or the default.
        """
        with self._lock:
            value = self._refreshed(key)
            self.hits, self.misses = self.hits + (value is not _MISSING), self.misses + (value is _MISSING)
        return default if value is _MISSING else value

    def put(self, key: K, value: V) -> None:
        """Keep a value, as the most recently used; a full cache gives up the least recently used.

        Args:
            key: The key; a value that it had is replaced.
            value: The value.
        """
        with self._lock:
            self._loads.pop(key, None)  # what is being loaded now is older than this
            evicted = self._kept(key, value)
        self._tell(evicted)

    @overload
    def pop(self, key: K) -> V | None: ...
    @overload
    def pop(self, key: K, default: D) -> V | D: ...
    def pop(self, key: K, default: Any = None) -> Any:
        """Take a value out.

        Args:
            key: The key.
            default: What to answer where there is none.

        Returns:
            The value, or the default.
        """
        with self._lock:
            self._loads.pop(key, None)
            return self._values.pop(key, default)

    def clear(self) -> None:
        """Take all values out; hits and misses go on."""
        with self._lock:
            self._loads.clear()
            self._values.clear()

    def get_or_load(self, key: K, load: Callable[[K], V]) -> V:
        """Give the value of a key, loading it where there is none.

        Threads that ask for a key while it is loaded wait for that one load. If it raises, they raise the same error
        and nothing is kept; the next call loads anew. If the loading thread is interrupted (Ctrl-C), one of the
        waiting loads in its place. A ``put``, ``pop`` or ``clear`` meanwhile wins: the loaded value is
        given to those who wait, and not kept.

        Args:
            key: The key.
            load: Called with the key; may take long, holds up no other key.

        Returns:
            The value.

        Raises:
            UsageError: ``load`` asks for the key that it is loading.
        """
        while True:
            with self._lock:
                known = self._refreshed(key)
                if known is not _MISSING:
                    self.hits += 1
                    found: V = known
                    return found
                other = self._loads.get(key)
                if other is None:
                    self.misses += 1
                    mine = self._loads[key] = _Load()
                    break
                other.refuse_own_thread(key)
            if other.landed():
                failed = other.result.exception() is not None
                with self._lock:
                    self.hits, self.misses = self.hits + (not failed), self.misses + failed
                return other.result.result()
        return self._loaded(mine, key, load)

    def _loaded(self, mine: "_Load[V]", key: K, load: Callable[[K], V]) -> V:
        try:
            value = load(key)
        except BaseException as error:
            with self._lock:
                self._forget(mine, key)
            if isinstance(error, Exception):
                mine.result.set_exception(error)
            else:
                mine.result.cancel()  # Ctrl-C is for this thread alone
            raise
        with self._lock:
            evicted = self._kept(key, value) if self._forget(mine, key) else None
        mine.result.set_result(value)
        self._tell(evicted)
        return value

    def _forget(self, mine: "_Load[V]", key: K) -> bool:
        current = self._loads.get(key) is mine
        if current:
            del self._loads[key]
        return current

    def _refreshed(self, key: K) -> Any:
        value = self._values.get(key, _MISSING)
        if value is not _MISSING:
            self._values.move_to_end(key)
        return value

    def _kept(self, key: K, value: V) -> tuple[K, V] | None:
        self._values[key] = value
        self._values.move_to_end(key)
        return self._values.popitem(last=False) if len(self._values) > self.capacity else None

    def _tell(self, evicted: tuple[K, V] | None) -> None:
        if evicted is not None and self._on_evict is not None:
            self._on_evict(*evicted)


class _Load(Generic[V]):
    """A value on its way: who fetches it, and what came of it."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.result: Future[V] = Future()

    def refuse_own_thread(self, key: Hashable) -> None:
        if self.thread == threading.get_ident():
            raise UsageError(
                f"loading {key!r} asks for {key!r} itself, and would wait for ever",
                hint="load it from something else than this cache",
            )

    def landed(self) -> bool:
        """Wait; False where the load was interrupted, so that somebody else has to do it."""
        try:
            self.result.exception()
        except CancelledError:
            return False
        return True
