"""Many awaitables, few at a time.

Rule: when a call here ends, by result, error or cancellation, none of its tasks is left running and no coroutine is
left unawaited. At most ``limit`` tasks exist; a lazy source is read only as fast as it is worked off.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from groundwork.errors import UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def gather_bounded(coros: Iterable[Awaitable[Result]], limit: int) -> list[Result]:
    """Await all, at most ``limit`` at a time, and return the results in the order given.

    Args:
        coros: Awaitables; a generator is drawn from lazily, so a million of them need not exist at once.
        limit: How many may be under way together, at least 1.

    Returns:
        One result each, in the order of ``coros``.

    Raises:
        UsageError: The limit is below 1.
        Exception: The first failure; whatever else was under way has then been cancelled and awaited.
    """
    source = iter(coros)
    opened: list[Awaitable[Result]] = list(coros) if isinstance(coros, list | tuple) else []
    try:
        if limit < 1:
            raise UsageError(f"limit is {limit}; at least one task must be allowed", hint="Pass limit=1 or more.")
        return await _gather(enumerate(source), limit, opened)
    finally:
        for awaitable in opened:
            if inspect.iscoroutine(awaitable):
                awaitable.close()


async def map_async(fn: Callable[[Item], Awaitable[Result]], items: Iterable[Item], limit: int) -> list[Result]:
    """Call an async function with each item, at most ``limit`` at a time.

    Args:
        fn: Called once with each item, when its turn comes and not before.
        items: Read lazily.
        limit: How many calls may be under way together, at least 1.

    Returns:
        One result each, in the order of ``items``.

    Raises:
        UsageError: The limit is below 1.
        Exception: The first failure, as in ``gather_bounded``.
    """
    return await gather_bounded((fn(item) for item in items), limit)


async def _gather(
    source: Iterator[tuple[int, Awaitable[Result]]], limit: int, opened: list[Awaitable[Result]]
) -> list[Result]:
    results: dict[int, Result] = {}

    async def work(index: int, awaitable: Awaitable[Result]) -> None:
        results[index] = await awaitable
        for index, awaitable in source:
            results[index] = await awaitable

    tasks: list[asyncio.Task[None]] = []
    try:
        for index, awaitable in islice(source, limit):
            # A task cancelled before its first step never reaches its awaitable: the caller closes those.
            opened.append(awaitable)
            tasks.append(asyncio.create_task(work(index, awaitable)))
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [results[index] for index in range(len(results))]
