"""Work done on the next items while the last one is being used.

Rule: results come in the order of the items, whatever the number of threads, and an error of an item comes after all
results before it. When the reader stops, for whatever reason, no thread outlives it: what has not begun is cancelled,
what runs is waited for. Memory: a few items more than without.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# What is worked on must leave the interpreter's lock for the most part, as polars does.
_THREADS = min(4, os.cpu_count() or 1)


def ahead(
    items: Iterator[_Item],
    work: Callable[[_Item], _Result],
    *,
    threads: int = _THREADS,
    waiting: int | None = None,
) -> Generator[tuple[_Item, _Result]]:
    """Work on items in threads; a single item is worked on here.

    Args:
        items: Taken one by one in the caller's thread.
        work: What is done with each; with several threads it must bear running in them at once.
        threads: How many do it; 0 does it in the caller's own, when asked.
        waiting: How many results may be under way or waiting beside the one in use; one less than threads unless given.

    Yields:
        Each item and its result.

    Raises:
        Exception: What ``items`` or ``work`` raises.
    """
    if not threads:
        yield from ((item, work(item)) for item in items)
        return
    begun: list[_Item] = []
    failure = _take(items, begun, 2)
    if len(begun) < 2:
        yield from ((item, work(item)) for item in begun)
        if failure is not None:
            raise failure
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="groundwork-ahead")
    most = (threads if waiting is None else waiting + 1) or 1
    try:
        under_way = deque((item, pool.submit(work, item)) for item in begun)
        while under_way:
            more: list[_Item] = []
            if failure is None:
                failure = _take(items, more, most - len(under_way))
            under_way.extend((item, pool.submit(work, item)) for item in more)
            item, future = under_way.popleft()
            yield item, future.result()
        if failure is not None:
            raise failure
    finally:
        pool.shutdown(cancel_futures=True)


def _take(items: Iterator[_Item], taken: list[_Item], most: int) -> Exception | None:
    """Take further items; return what they raise, whose turn comes after the results before it."""
    try:
        while len(taken) < most:
            taken.append(next(items))
    except StopIteration:
        return None
    except Exception as error:  # noqa: BLE001 - it is raised when its turn comes
        return error
    return None
