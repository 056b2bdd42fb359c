"""A cached function whose results lie in a folder.

Rule: one process computes, the others wait for its lock and then find the result; a process that dies lets go of it.
"""

import asyncio
from typing import Any

from groundwork.modeling._cached_calls import Cache
from groundwork.modeling._cached_disk import Disk
from groundwork.modeling._cached_flights import Flight
from groundwork.modeling._cached_table import CacheInfo
from groundwork.modeling._decorate import Function, Kind
from groundwork.resilience import Clock

_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.001, 0.05


class DiskCache(Cache):
    """What is behind ``cached`` with a folder.

    Args:
        fn: See ``Cache``.
        kind: See ``Cache``.
        ignore: See ``Cache``.
        disk: Holds the results.
        copy: See ``Cache``.
        clock: See ``Cache``.
    """

    def __init__(
        self, fn: Function, kind: Kind, ignore: tuple[str, ...], disk: Disk, *, copy: bool, clock: Clock
    ) -> None:
        super().__init__(fn, kind, ignore, copy=copy, clock=clock)
        self._disk = disk
        self._hits = 0

    def info(self) -> CacheInfo:
        """Return hits, misses, waits and evictions of this process, and entries and bytes in the folder."""
        entries, size_bytes = self._disk.extent()
        with self._lock:
            return CacheInfo(self._hits, self._misses, self._waits, self._disk.evictions, entries, size_bytes)

    def clear(self) -> None:
        """Forget all results of this version of the function; what is being computed is handed out, but not kept."""
        with self._lock:
            self._forget_flights()
            self._hits = self._disk.evictions = 0
        self._disk.clear()

    def invalidate(self, *args: Any, **kwargs: Any) -> bool:
        """Forget the result of one call; see ``Cache.invalidate``.

        Args:
            *args: See there.
            **kwargs: See there.
        """
        key = self._key(self._values(args, kwargs))
        with self._lock:
            self._forget_flight(key)
        return self._disk.drop(key)

    def made(self) -> Function:
        """Make the function that answers from the cache."""
        return self._written([], {})

    def _key(self, values: tuple[Any, ...]) -> str:
        return self._digest(values, 0).hex()

    def _find(self, key: Any) -> tuple[bool, Any]:
        return False, None

    def _fetch(self, key: Any, values: tuple[Any, ...], flight: Flight) -> Any:
        wait_s = _SHORTEST_WAIT_S
        there, value = self._disk.look(key, say=False)
        if there:
            return self._hit(value)
        while (lock := self._disk.try_lock(key)) is None:
            self._clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        try:
            there, value = self._disk.look(key, say=True)
            if there:
                return self._hit(value)
            value = self._compute(values)
            if flight.valid:
                self._disk.store(key, value)
            return value
        finally:
            lock.release()

    async def _fetch_async(self, key: Any, values: tuple[Any, ...], flight: Flight) -> Any:
        wait_s = _SHORTEST_WAIT_S
        there, value = await asyncio.to_thread(self._disk.look, key, say=False)
        if there:
            return self._hit(value)
        while (lock := self._disk.try_lock(key)) is None:
            await self._clock.sleep_async(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        try:
            there, value = await asyncio.to_thread(self._disk.look, key, say=True)
            if there:
                return self._hit(value)
            value = await self._compute_async(values)
            if flight.valid:
                await asyncio.to_thread(self._disk.store, key, value)
            return value
        finally:
            lock.release()

    def _hit(self, value: Any) -> Any:
        with self._lock:
            self._misses -= 1
            self._hits += 1
        return value

    def _keep(self, key: Any, value: Any, values: tuple[Any, ...]) -> object:
        return None
