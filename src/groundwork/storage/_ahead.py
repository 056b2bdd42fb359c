"""Work done on the next items while the last one is being used.

Rule: results come in the order of the items, and an error of an item comes after all results before it.
Memory: a few items more than without.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# What is worked on must leave the interpreter's lock for the most part, as polars does.
_WORKERS = min(4, os.cpu_count() or 1)


def ahead(items: Iterator[_Item], work: Callable[[_Item], _Result]) -> Iterator[tuple[_Item, _Result]]:
    """Work on items in threads; a single item is worked on here.

    Args:
        items: Taken one by one in the caller's thread.
        work: What is done with each.

    Yields:
        Each item and its result.

    Raises:
        Exception: What ``items`` or ``work`` raises.
    """
    first, second, failure = _next(items), None, None
    if first is None:
        return
    try:
        second = _next(items)
    except Exception as error:  # noqa: BLE001 - it is raised when its turn comes
        failure = error
    if second is None:
        yield first, work(first)
        if failure is not None:
            raise failure
        return
    yield from _in_threads(items, [first, second], work)


def _next(items: Iterator[_Item]) -> _Item | None:
    return next(items, None)


def _in_threads(
    items: Iterator[_Item], begun: list[_Item], work: Callable[[_Item], _Result]
) -> Iterator[tuple[_Item, _Result]]:
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="groundwork-ahead")
    pending: deque[tuple[_Item, Future[_Result]]] = deque()
    failure: Exception | None = None
    try:
        pending.extend((item, pool.submit(work, item)) for item in begun)
        while pending:
            while failure is None and len(pending) < _WORKERS:
                try:
                    item = _next(items)
                except Exception as error:  # noqa: BLE001 - it is raised when its turn comes
                    failure = error
                    break
                if item is None:
                    break
                pending.append((item, pool.submit(work, item)))
            item, future = pending.popleft()
            yield item, future.result()
        if failure is not None:
            raise failure
    finally:
        pool.shutdown(cancel_futures=True)
