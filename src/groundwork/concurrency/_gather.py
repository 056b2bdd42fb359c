"""Many awaitables, few at a time.

Rule: when a call here ends, by result, error or cancellation, none of its tasks is left running and no coroutine is
left unawaited. At most ``limit`` tasks exist; a lazy source is read only as fast as it is worked off.
"""

import inspect
from collections.abc import Awaitable, Iterable, Iterator
from typing import Literal, TypeVar, overload

from groundwork.concurrency._map import map_async
from groundwork.concurrency._workers import check

Result = TypeVar("Result")


@overload
async def gather_bounded(
    coros: Iterable[Awaitable[Result]], limit: int, *, errors: Literal["raise", "group"] = ...
) -> list[Result]: ...
@overload
async def gather_bounded(
    coros: Iterable[Awaitable[Result]], limit: int, *, errors: Literal["collect"]
) -> list[Result | Exception]: ...
async def gather_bounded(
    coros: Iterable[Awaitable[Result]], limit: int, *, errors: Literal["raise", "collect", "group"] = "raise"
) -> list[Result] | list[Result | Exception]:
    """Await all, at most ``limit`` at a time, and return the results in the order given.

    Args:
        coros: Awaitables; a generator is drawn from lazily, so a million of them need not exist at once.
        limit: How many may be under way together, at least 1.
        errors: What becomes of failures, as in ``map_async``.

    Returns:
        One result each, in the order of ``coros``.

    Raises:
        UsageError: The limit is below 1.
        Exception: The first failure; whatever else was under way has then been cancelled and awaited.
        ExceptionGroup: With ``errors="group"``, all failures.
    """
    opened: list[Awaitable[Result]] = list(coros) if isinstance(coros, list | tuple) else []

    def noted() -> Iterator[Awaitable[Result]]:
        # A task cancelled before its first step never reaches its awaitable: those are closed here.
        for number, awaitable in enumerate(coros):
            if number < limit:
                opened.append(awaitable)
            yield awaitable

    try:
        check(limit, errors)
        return await map_async(_itself, noted(), limit, errors=errors)
    finally:
        if inspect.isgenerator(coros):
            coros.close()
        for awaitable in opened:
            if inspect.iscoroutine(awaitable):
                awaitable.close()


def _itself(awaitable: Awaitable[Result]) -> Awaitable[Result]:
    return awaitable
