"""One asynchronous function over many items: as a list, or as a stream of results while the rest is under way.

Rule: at most ``limit`` calls at a time; no task outlives the call, however it ends. A stream holds at most twice
``limit`` items that were begun and not taken, so a slow reader slows the work down and memory stays bounded.
Cost: about 1 us an item for the list, 5 us for the stream.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Literal, TypeVar, overload

from groundwork.concurrency._workers import Source, Workers, check, grouped, stop

Item = TypeVar("Item")
Result = TypeVar("Result")
Errors = Literal["raise", "collect", "group"]


@overload
async def map_async(
    fn: Callable[[Item], Awaitable[Result]], items: Source[Item], limit: int, *, errors: Literal["raise", "group"] = ...
) -> list[Result]: ...
@overload
async def map_async(
    fn: Callable[[Item], Awaitable[Result]], items: Source[Item], limit: int, *, errors: Errors
) -> list[Result | Exception]: ...
async def map_async(
    fn: Callable[[Item], Awaitable[Result]], items: Source[Item], limit: int, *, errors: Errors = "raise"
) -> list[Any]:
    """Call an async function with each item, at most ``limit`` at a time.

    Args:
        fn: Called once with each item, when its turn comes and not before.
        items: Read lazily; asynchronous iterables too. A generator is closed when the call ends.
        limit: How many calls may be under way together, at least 1.
        errors: ``"raise"`` the first failure at once; ``"collect"`` each in the place of its result; or call with every
            item, then raise all failures as one ``"group"``.

    Returns:
        One result each, in the order of ``items``.

    Raises:
        UsageError: The limit is below 1.
        Exception: The first failure; whatever else was under way has then been cancelled and awaited. What the source
            itself raises comes so whatever ``errors`` says.
        ExceptionGroup: With ``errors="group"``, all failures in the order of their items.
    """
    check(limit, errors)
    results: dict[int, Result | Exception] = {}
    failures: list[tuple[int, Exception]] = []

    def done(index: int, item: Item, result: Result | Exception, failed: bool) -> None:
        if failed and isinstance(result, Exception):
            if errors == "raise":
                raise result
            failures.append((index, result))
        results[index] = result

    await Workers(fn, items, limit, done).run()
    if failures and errors == "group":
        raise grouped(failures, len(results))
    return [results[index] for index in range(len(results))]


@overload
def map_stream(
    fn: Callable[[Item], Awaitable[Result]],
    items: Source[Item],
    limit: int,
    *,
    ordered: bool = ...,
    errors: Literal["raise", "group"] = ...,
) -> AsyncGenerator[tuple[Item, Result], None]: ...
@overload
def map_stream(
    fn: Callable[[Item], Awaitable[Result]],
    items: Source[Item],
    limit: int,
    *,
    ordered: bool = ...,
    errors: Errors,
) -> AsyncGenerator[tuple[Item, Result | Exception], None]: ...
def map_stream(
    fn: Callable[[Item], Awaitable[Result]],
    items: Source[Item],
    limit: int,
    *,
    ordered: bool = True,
    errors: Errors = "raise",
) -> AsyncGenerator[tuple[Item, Any], None]:
    """Call an async function with each item and give each result when it is there: ``async for item, result in …``.

    Nothing begins before the first result is asked for. To leave early, write ``async with aclosing(map_stream(…)) as
    stream:`` around the loop, and everything under way has been cancelled and awaited when the block ends.

    Args:
        fn: Called once with each item, when its turn comes and not before.
        items: Read lazily; asynchronous iterables too. A generator is closed when the stream ends.
        limit: How many calls may be under way together, at least 1.
        ordered: In the order of ``items``; False for as completed, so that a slow item holds up none.
        errors: ``"raise"`` the first failure at once; ``"collect"`` each in the place of its result; or give all
            results there are, then raise all failures as one ``"group"``.

    Returns:
        An asynchronous generator of ``(item, result)``.

    Raises:
        UsageError: The limit is below 1.
        Exception: From the stream, as ``map_async`` does.
        ExceptionGroup: From the stream, with ``errors="group"``.
    """
    check(limit, errors)
    return stream_outcomes(fn, items, limit, ordered=ordered, errors=errors, window=2 * limit)


async def stream_outcomes(
    fn: Callable[[Item], Awaitable[Result]],
    items: Source[Item],
    limit: int,
    *,
    ordered: bool,
    errors: Errors,
    window: int,
) -> AsyncGenerator[tuple[Item, Any], None]:
    """Do what ``map_stream`` says, with a window of one's own.

    Args:
        fn: As there.
        items: As there.
        limit: As there.
        ordered: As there.
        errors: As there.
        window: How many items may have been begun and not taken.
    """
    ready: deque[tuple[Item, Any, bool]] = deque()
    early: dict[int, tuple[Item, Any, bool]] = {}
    failures: list[tuple[int, Exception]] = []
    changed = asyncio.Event()
    room = asyncio.Semaphore(window)
    due = 0

    def done(index: int, item: Item, result: Any, failed: bool) -> None:
        nonlocal due
        dropped = failed and errors == "group"
        if failed and errors == "raise":
            raise result
        if dropped:
            failures.append((index, result))
        if ordered:
            early[index] = (item, result, dropped)
            while due in early:
                ready.append(early.pop(due))
                due += 1
        else:
            ready.append((item, result, dropped))
        changed.set()

    workers = Workers(fn, items, limit, done, room)
    working: asyncio.Task[object] = asyncio.create_task(workers.run())
    working.add_done_callback(lambda _: changed.set())
    try:
        while True:
            changed.clear()
            over = working.done()
            if over:
                working.result()
            while ready:
                item, result, dropped = ready.popleft()
                room.release()
                if not dropped:
                    yield item, result
            if over:
                break
            await changed.wait()
        if failures:
            raise grouped(failures, workers.read)
    finally:
        await stop([working])
