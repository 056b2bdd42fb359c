"""A call of a cached function: from its arguments to a key, and to the one computation that serves all who ask."""

import asyncio
import copy as copying
import inspect
import os
import threading
import weakref
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from groundwork.errors import ConfigurationError, UsageError
from groundwork.modeling._cached_flights import Flight
from groundwork.modeling._cached_table import CacheInfo
from groundwork.modeling._content_key import content_key
from groundwork.modeling._decorate import Function, Kind, async_items_of
from groundwork.modeling._same_signature import ENDS, OWN, Parameters
from groundwork.resilience import Clock


class _Recorded(NamedTuple):
    items: list[Any]
    returned: Any


class Cache(ABC):
    """What is behind a cached function.

    Args:
        fn: The function.
        kind: What calling it gives.
        ignore: Parameters that are no part of the key.
        copy: Give deep copies.
        clock: The time.
    """

    def __init__(self, fn: Function, kind: Kind, ignore: tuple[str, ...], *, copy: bool, clock: Clock) -> None:
        self._fn, self._kind, self._copy, self._clock = fn, kind, copy, clock
        self._parameters = Parameters(fn)
        self.name = self._parameters.name
        for name in ignore:
            if name not in self._parameters.names:
                known = ", ".join(self._parameters.names) or "none"
                raise ConfigurationError(f"{self.name} has no parameter {name!r}", hint=f"its parameters: {known}")
        self._counted = [name not in ignore for name in self._parameters.names]
        self._lock = threading.RLock()
        self._flights: dict[Any, Flight] = {}
        self._misses = self._waits = 0
        _start_afresh_in_forked_children(self)

    @abstractmethod
    def info(self) -> CacheInfo:
        """Return hits, misses, waits, evictions, entries and bytes."""

    @abstractmethod
    def clear(self) -> None:
        """Forget all; what is being computed is handed out, but not kept."""

    @abstractmethod
    def invalidate(self, *args: Any, **kwargs: Any) -> bool:
        """Forget the result of one call; what is being computed for it is handed out, but not kept.

        Args:
            *args: The call's arguments; of a method, the instance first.
            **kwargs: Its named arguments.

        Returns:
            Whether there was a result.
        """

    @abstractmethod
    def made(self) -> Function:
        """Make the function that answers from the cache."""

    @abstractmethod
    def _key(self, values: tuple[Any, ...]) -> Any: ...

    @abstractmethod
    def _find(self, key: Any) -> tuple[bool, Any]:
        """Look where no waiting is needed; the lock is held."""

    @abstractmethod
    def _fetch(self, key: Any, values: tuple[Any, ...], flight: Flight) -> Any:
        """Compute, or get what another process has computed."""

    @abstractmethod
    async def _fetch_async(self, key: Any, values: tuple[Any, ...], flight: Flight) -> Any: ...

    @abstractmethod
    def _keep(self, key: Any, value: Any, values: tuple[Any, ...]) -> object:
        """Take a result in; the lock is held. Returns what left, to be let go of later."""

    def _written(self, quick: list[str], names: dict[str, Any]) -> Function:
        slow = {Kind.SYNC: self._call, Kind.ASYNC: self._call_async, Kind.GENERATOR: self._items}
        own = {**names, f"{OWN}slow": slow.get(self._kind, self._items_async)}
        end = ENDS[self._kind].format(f"{OWN}slow({self._parameters.values()})")
        made, _ = self._parameters.compiled(self._kind, [*quick, end], own)
        return async_items_of(made) if self._kind is Kind.ASYNC_GENERATOR else made

    def _values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        bound = inspect.signature(self._fn).bind(*args, **kwargs)
        bound.apply_defaults()
        return tuple(bound.arguments[name] for name in self._parameters.names)

    def _digest(self, values: tuple[Any, ...], start: int) -> bytes:
        parts: list[bytes] = []
        for name, value, counts in zip(
            self._parameters.names[start:], values[start:], self._counted[start:], strict=True
        ):
            if not counts:
                continue
            try:
                parts.append(content_key(value))
            except UsageError as error:
                raise UsageError(
                    f"{self.name}: argument {name!r}: {error.message}",
                    hint=f"{error.hint}; or leave it out of the key: cached(ignore=({name!r},))",
                    context={"argument": name},
                ) from error
        return b"".join(parts)

    def _compute(self, values: tuple[Any, ...]) -> Any:
        args, kwargs = self._parameters.handed(values)
        result = self._fn(*args, **kwargs)
        return _recorded(result) if self._kind is Kind.GENERATOR else result

    async def _compute_async(self, values: tuple[Any, ...]) -> Any:
        args, kwargs = self._parameters.handed(values)
        if self._kind is Kind.ASYNC:
            return await self._fn(*args, **kwargs)
        return _Recorded([item async for item in self._fn(*args, **kwargs)], None)

    def _call(self, values: tuple[Any, ...]) -> Any:
        key = self._key(values)
        while True:
            value, flight, mine = self._asked(key, threading.get_ident())
            if flight is None:
                return self._given(value)
            if mine:
                try:
                    value = self._fetch(key, values, flight)
                except BaseException as error:
                    self._failed(key, flight, error)
                    raise
                return self._landed(key, flight, value, values)
            there, value = flight.wait(self.name)
            if there:
                return self._given(value)

    async def _call_async(self, values: tuple[Any, ...]) -> Any:
        key = self._key(values)
        while True:
            value, flight, mine = self._asked(key, asyncio.current_task())
            if flight is None:
                return self._given(value)
            if mine:
                try:
                    value = await self._fetch_async(key, values, flight)
                except BaseException as error:
                    self._failed(key, flight, error)
                    raise
                return self._landed(key, flight, value, values)
            there, value = await flight.wait_async(self.name)
            if there:
                return self._given(value)

    def _items(self, values: tuple[Any, ...]) -> Any:
        recorded = self._call(values)
        yield from recorded.items
        return recorded.returned

    async def _items_async(self, values: tuple[Any, ...]) -> Any:
        for item in (await self._call_async(values)).items:
            yield item

    def _given(self, value: Any) -> Any:
        return copying.deepcopy(value) if self._copy else value

    def _forget_flights(self) -> None:
        for key in tuple(self._flights):
            self._forget_flight(key)
        self._misses = self._waits = 0

    def _forget_flight(self, key: Any) -> None:
        flight = self._flights.pop(key, None)
        if flight is not None:
            flight.valid = False

    def _asked(self, key: Any, who: object) -> tuple[Any, Flight | None, bool]:
        """Return a result that is there; or else the flight that will bring it, and whether the caller is to fly it."""
        with self._lock:
            found, value = self._find(key)
            if found:
                return value, None, False
            flight = self._flights.get(key)
            if flight is not None:
                self._waits += 1
                return None, flight, False
            self._misses += 1
            flight = self._flights[key] = Flight(who)
            return None, flight, True

    def _landed(self, key: Any, flight: Flight, value: Any, values: tuple[Any, ...]) -> Any:
        try:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]
                # What leaves is let go of after the lock, for the end of a value may run any code.
                left = self._keep(key, value, values) if flight.valid else None
            del left
        except BaseException as error:
            flight.fail(error)
            raise
        flight.land(value)
        return self._given(value)

    def start_afresh(self) -> None:
        """Forget what was being computed, and who held the lock: in a forked child those threads do not exist."""
        self._lock = threading.RLock()
        self._flights.clear()

    def _failed(self, key: Any, flight: Flight, error: BaseException) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.fail(error)


def _recorded(items: Any) -> _Recorded:
    kept: list[Any] = []
    while True:
        try:
            kept.append(next(items))
        except StopIteration as end:
            return _Recorded(kept, end.value)


_caches: "weakref.WeakSet[Cache]" = weakref.WeakSet()
_watching = False


def _start_afresh_in_forked_children(cache: Cache) -> None:
    global _watching
    _caches.add(cache)
    if not _watching and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_start_all_afresh)
        _watching = True


def _start_all_afresh() -> None:
    for cache in list(_caches):
        cache.start_afresh()
