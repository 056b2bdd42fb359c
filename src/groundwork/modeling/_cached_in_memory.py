"""A cached function whose results stay in memory.

Rule: the quick path serves only where equality says all that content does: exact integers, text, bytes, booleans, None,
and floats but zero and NaN, each beside its type. It takes no lock: one look into a dict, and a number for the order of
use. All other calls go by ``content_key``.
"""

import itertools
import math
from typing import Any

from groundwork.modeling._cached_calls import Cache
from groundwork.modeling._cached_flights import Flight
from groundwork.modeling._cached_table import CacheInfo, Table
from groundwork.modeling._decorate import Function, Kind
from groundwork.modeling._same_signature import OWN, Parameters
from groundwork.resilience import Clock

_QUICK = frozenset({int, str, bytes, bool, type(None)})


class MemoryCache(Cache):
    """What is behind ``cached`` without a folder.

    Args:
        fn: See ``Cache``.
        kind: See ``Cache``.
        ignore: See ``Cache``.
        table: Holds the results.
        ttl_s: How long one is good, or None.
        copy: See ``Cache``.
        clock: See ``Cache``.
    """

    def __init__(
        self,
        fn: Function,
        kind: Kind,
        ignore: tuple[str, ...],
        table: Table,
        *,
        ttl_s: float | None,
        copy: bool,
        clock: Clock,
    ) -> None:
        super().__init__(fn, kind, ignore, copy=copy, clock=clock)
        self._table, self._ttl_s = table, ttl_s
        self._is_method = _is_method(fn, self._parameters) and self._counted[0]
        self._keyed = [counts and not (self._is_method and place == 0) for place, counts in enumerate(self._counted)]
        self._all_counted = all(self._keyed)

    def info(self) -> CacheInfo:
        """Return hits, misses, waits, evictions, entries and bytes."""
        with self._lock:
            table = self._table
            return CacheInfo(
                table.hits(), self._misses, self._waits, table.evictions, len(table.entries), table.size_bytes()
            )

    def clear(self) -> None:
        """Forget all results; what is being computed is handed out, but not kept."""
        with self._lock:
            left = self._table.clear()
            self._forget_flights()
        del left

    def invalidate(self, *args: Any, **kwargs: Any) -> bool:
        """Forget the result of one call; see ``Cache.invalidate``.

        Args:
            *args: See there.
            **kwargs: See there.
        """
        key = self._key(self._values(args, kwargs))
        with self._lock:
            self._forget_flight(key)
            there = key in self._table.entries
            left = self._table.drop(key)
        del left
        return there

    def made(self) -> Function:
        """Make the function that answers from the cache."""
        if not self._parameters.fixed or self._kind not in (Kind.SYNC, Kind.ASYNC):
            return self._written([], {})
        parts = [f"{OWN}id({self._parameters.names[0]})"] if self._is_method else []
        counted = [name for name, counts in zip(self._parameters.names, self._counted, strict=True) if counts]
        parts += [f"{OWN}type({name}), {name}" for name in counted[self._is_method :]]
        given = f"{OWN}copy({OWN}entry.value)" if self._copy else f"{OWN}entry.value"
        lines = [
            "try:",
            f"    {OWN}entry = {OWN}entries[{''.join(f'{part}, ' for part in parts) or '()'}]",
            f"except {OWN}any:",
            # Not there, or a __hash__ that fails: the slow path asks neither __hash__ nor __eq__.
            "    pass",
            "else:",
            f"    if {OWN}entry.expires_s > {OWN}now():" if self._ttl_s is not None else "    if True:",
            f"        {OWN}entry.tick = {OWN}tick()",
            f"        return {given}",
        ]
        names = {
            "entries": self._table.entries,
            "tick": self._table.tick,
            "now": self._clock.monotonic,
            "copy": self._given,
            "type": type,
            "id": id,
            "any": Exception,
        }
        return self._written(lines, {f"{OWN}{name}": value for name, value in names.items()})

    def _key(self, values: tuple[Any, ...]) -> Any:
        start = int(self._is_method)
        flat: list[Any] = [id(values[0])] if start else []
        if not self._parameters.fixed or not self._flattened(values, flat):
            digest = self._digest(values, start)
            return (id(values[0]), digest) if start else digest
        return tuple(flat)

    def _flattened(self, values: tuple[Any, ...], flat: list[Any]) -> bool:
        """Write a key of which equality says all, without a digest; False where it would not."""
        for value in values if self._all_counted else itertools.compress(values, self._keyed):
            kind = type(value)
            if kind in _QUICK or (kind is float and (value < 0 or value > 0)):
                flat += (kind, value)
            elif kind is tuple and _QUICK.issuperset(kinds := tuple(map(type, value))):
                # The types of its items stand beside it; the quick path, which does not ask for them, never hits.
                flat += (kind, value, kinds)
            else:
                return False
        return True

    def _find(self, key: Any) -> tuple[bool, Any]:
        entry = self._table.find(key, self._clock.monotonic() if self._ttl_s is not None else 0.0)
        return (False, None) if entry is None else (True, entry.value)

    def _fetch(self, key: Any, values: tuple[Any, ...], flight: Flight) -> Any:
        return self._compute(values)

    async def _fetch_async(self, key: Any, values: tuple[Any, ...], flight: Flight) -> Any:
        return await self._compute_async(values)

    def _keep(self, key: Any, value: Any, values: tuple[Any, ...]) -> object:
        expires_s = math.inf if self._ttl_s is None else self._clock.monotonic() + self._ttl_s
        return self._table.keep(key, value, expires_s=expires_s, owner=values[0] if self._is_method else None)


def _is_method(fn: Function, parameters: Parameters) -> bool:
    where = getattr(fn, "__qualname__", "").rpartition(".")[0]
    return bool(where) and not where.endswith("<locals>") and parameters.names[:1] in (["self"], ["cls"])
