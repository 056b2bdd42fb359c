"""Results that are computed once.

Rule: the content of the arguments is the key, in memory and on disk; of those who ask at once one computes; errors are
not kept. Cost of a hit in memory: a look into one dict for arguments that are numbers, text, bytes or None; all others
are read whole for their key, at about 1 GB/s.
"""

import os
import time
from collections.abc import Callable
from typing import Any, cast, overload

from groundwork.errors import ConfigurationError, UsageError
from groundwork.modeling._cached_calls import Cache
from groundwork.modeling._cached_disk import Disk
from groundwork.modeling._cached_in_memory import MemoryCache
from groundwork.modeling._cached_on_disk import DiskCache
from groundwork.modeling._cached_table import Table
from groundwork.modeling._decorate import F, Function, Kind, decorated, name_of
from groundwork.resilience import Clock, SystemClock

_DISK_BYTES = 1 << 30


@overload
def cached(fn: F, /) -> F: ...
@overload
def cached(
    *,
    max_entries: int | None = 128,
    max_bytes: int | None = None,
    ttl_s: float | None = None,
    copy: bool = False,
    ignore: tuple[str, ...] = (),
    clock: Clock | None = None,
    folder: str | os.PathLike[str] | None = None,
    version: str | None = None,
    wall_clock: Callable[[], float] = time.time,
) -> Callable[[F], F]: ...
def cached(
    fn: Any = None,
    /,
    *,
    max_entries: int | None = 128,
    max_bytes: int | None = None,
    ttl_s: float | None = None,
    copy: bool = False,
    ignore: tuple[str, ...] = (),
    clock: Clock | None = None,
    folder: str | os.PathLike[str] | None = None,
    version: str | None = None,
    wall_clock: Callable[[], float] = time.time,
) -> Any:
    """Compute a result once for equal arguments, and keep it: in memory, or with ``folder`` on disk.

    The key is what the arguments hold, see ``content_key``: a second array is not the first, an equal one is; 1, True,
    1.0 and "1" are four values; -0.0 is not 0.0; NaN is equal to itself. ``f(1)`` and ``f(x=1)`` are one call. Threads
    and tasks that ask for the same at once compute it once; an error reaches all of them and is not kept.

    Sync and async functions, generators, methods, classmethods and staticmethods keep signature, type and kind. A
    generator runs to its end when its first item is asked for, and its items are kept. A function in a class whose
    first parameter is named ``self`` or ``cls`` is a method: in memory its results belong to one instance, which they
    do not keep alive; on disk to all of equal content.

    The new function also has ``cache_info()``, ``invalidate(*args)``, which forgets one call (of a method with the
    instance before the others), and ``clear()``; ``cache_of`` gives them to a type checker.

    Args:
        fn: The function, where the decorator has no options.
        max_entries: How many results stay in memory, the least recently used ones leaving; None for any number.
        max_bytes: How many bytes they may have: by estimate in memory; on disk that of the folder, 1 GiB unless given.
        ttl_s: How long a result is good.
        copy: Give each caller a deep copy. Unless asked for, all get the same object, and must not change it. From
            disk it is a new one in any case, but for those who waited for the same reading.
        ignore: Parameters that do not count, as a logger or a number of threads.
        clock: For ``ttl_s`` in memory, and for waiting.
        folder: Where results are kept for other processes and days, by any number of functions. Nothing is pickled:
            JSON values, arrays, polars tables, bytes and estimators can be kept. Damage is seen by checksum, logged
            and computed again.
        version: On disk, stands for the function; unless given, its source does, but not what it calls or closes over.
        wall_clock: For ``ttl_s`` on disk.

    Raises:
        ConfigurationError: What stands below is no function, an option cannot be, or ``ignore`` names no parameter.
        UsageError: At a call: the content of an argument cannot be read, or on disk the result has no file format.

    Example:
        >>> @cached(max_entries=32, ttl_s=60)
        ... def area(width: float, height: float) -> float:
        ...     return width * height
        >>> area(2, 3), area(2, height=3)
        (6, 6)
        >>> cache_of(area).info().hits
        1
    """
    for name, limit in (("max_entries", max_entries), ("max_bytes", max_bytes), ("ttl_s", ttl_s)):
        if limit is not None and not limit >= 0:
            raise ConfigurationError(f"{name} is {limit!r}; nothing can be kept", hint="give 0 or more, or None")
    if isinstance(ignore, str):
        raise ConfigurationError(f"ignore is {ignore!r}; it must be a tuple of names", hint=f"write ({ignore!r},)")
    ticking = clock or SystemClock()

    def around(plain: Function, kind: Kind) -> Function:
        cache: Cache
        if folder is None:
            table = Table(max_entries, max_bytes)
            cache = MemoryCache(plain, kind, ignore, table, ttl_s=ttl_s, copy=copy, clock=ticking)
        else:
            most = _DISK_BYTES if max_bytes is None else max_bytes
            disk = Disk(folder, plain, version=version, max_bytes=most, ttl_s=ttl_s, wall_clock=wall_clock)
            cache = DiskCache(plain, kind, ignore, disk, copy=copy, clock=ticking)
        made = cast("Any", cache.made())
        made.cache_info, made.clear, made.invalidate, made.__cache__ = cache.info, cache.clear, cache.invalidate, cache
        return cast("Function", made)

    def decorate(below: F) -> F:
        return decorated(below, around, "cached")

    return decorate if fn is None else decorate(fn)


def cache_of(fn: Callable[..., Any]) -> Cache:
    """Return the cache behind a function that ``cached`` has made, whatever other decorators stand above it.

    Args:
        fn: The function, or a bound method.

    Raises:
        UsageError: It has none.
    """
    found = getattr(fn, "__cache__", None)
    if not isinstance(found, Cache):
        raise UsageError(f"{name_of(fn)} has no cache", hint="write @cached above it")
    return found
