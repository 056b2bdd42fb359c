"""Work done ahead of the one who asks for it, delivered in order.

Rule: results come in the order of the keys, whatever the number of threads; at most ``ahead`` of them wait. When the
reader stops, for whatever reason, no thread outlives it: what has not begun is cancelled, what runs is waited for.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def in_order(work: Callable[[Key], Value], keys: Iterable[Key], *, threads: int, ahead: int) -> Generator[Value]:
    """Do work for each key.

    Args:
        work: What to do; with several threads it must bear running in them at once.
        keys: For what.
        threads: How many do it; 0 does it in the caller's own, when asked.
        ahead: How many results may be under way or waiting.

    Yields:
        The results, in the order of the keys.

    Raises:
        Exception: What ``work`` raised, after the results before it.
    """
    if not threads:
        yield from map(work, keys)
        return
    waiting: deque[Future[Value]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="groundwork-batches")
    try:
        for key in keys:
            waiting.append(pool.submit(work, key))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
