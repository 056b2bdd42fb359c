"""A few tasks that work off one source.

Rule: at most ``limit`` calls are under way, a source is read only as fast as they end, and when ``run`` ends, by
result, error or cancellation, no task of it is left and a generator that was the source is closed.
Cost: one task for each slot, not for each item.
"""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
)
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from groundwork.concurrency._arguments import whole
from groundwork.errors import ConfigurationError, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")
Contra = TypeVar("Contra", contravariant=True)
ResultContra = TypeVar("ResultContra", contravariant=True)
Source = Iterable[Item] | AsyncIterable[Item]
ERRORS = ("raise", "collect", "group")


class Done(Protocol[Contra, ResultContra]):
    """Told of each call that has ended; what it raises ends the run."""

    def __call__(self, index: int, item: Contra, result: ResultContra | Exception, failed: bool) -> None: ...


def check(limit: int, errors: str = "raise") -> None:
    """Refuse what cannot work.

    Args:
        limit: How many may be under way together.
        errors: What becomes of failures.

    Raises:
        UsageError: The limit is no whole number from 1 on.
        ConfigurationError: No such way with errors.
    """
    if not whole(limit):
        raise UsageError(
            f"limit is {limit!r}; a whole number of tasks, at least one, must be allowed", hint="Pass limit=1 or more."
        )
    if errors not in ERRORS:
        raise ConfigurationError(f"errors is {errors!r}; pass one of {', '.join(map(repr, ERRORS))}")


def grouped(failures: list[tuple[int, Exception]], calls: int) -> ExceptionGroup[Exception]:
    """Return many failures as one, each with a note that says which item it was.

    Args:
        failures: Index of the item, and what was raised.
        calls: How many calls there were.
    """
    failures = sorted(failures, key=lambda failure: failure[0])
    for index, error in failures:
        error.add_note(f"item {index}")
    return ExceptionGroup(f"{len(failures)} of {calls} calls failed", [error for _, error in failures])


async def stop(tasks: Iterable["asyncio.Task[object]"]) -> None:
    """Cancel tasks and wait for the end of all, whatever happens meanwhile.

    Args:
        tasks: Some may have ended.

    Raises:
        CancelledError: The caller was cancelled while it waited; they have ended all the same.
    """
    pending = {task for task in tasks if not task.done()}
    for task in pending:
        task.cancel()
    cancelled: asyncio.CancelledError | None = None
    while pending:
        try:
            done, pending = await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
            for task in pending:
                task.cancel()
            continue
        for task in done:
            # Looked at, so that asyncio does not tell of an error that came too late for anybody.
            _ = task.cancelled() or task.exception()
    if cancelled is not None:
        raise cancelled


class Workers(Generic[Item, Result]):
    """Calls a function with each item of a source; for one ``run``.

    Args:
        fn: Called once with each item, when its turn comes.
        items: Read lazily; an asynchronous source too.
        limit: How many calls may be under way together.
        done: Told of each that has ended.
        room: Acquired before an item is read; whoever takes results releases it. None for no such bound.
    """

    def __init__(
        self,
        fn: Callable[[Item], Awaitable[Result]],
        items: Source[Item],
        limit: int,
        done: Done[Item, Result],
        room: asyncio.Semaphore | None = None,
    ) -> None:
        self._fn, self._items, self._limit, self._done, self._room = fn, items, limit, done, room
        self._tasks: set[asyncio.Task[object]] = set()
        self._over = asyncio.Event()
        self._broken: asyncio.Task[object] | None = None
        self.read = 0

    async def run(self) -> None:
        """Work until the source has ended and all is done.

        Raises:
            Exception: What the source or ``done`` raised; whatever else was under way has been cancelled and awaited.
        """
        try:
            if isinstance(self._items, AsyncIterable):
                self._spawn(self._work_async(aiter(self._items), asyncio.Lock()))
            else:
                await self._start(iter(self._items))
            if self._tasks:
                await self._over.wait()
            if self._broken is not None:
                self._broken.result()
        finally:
            try:
                await stop(self._tasks)
            finally:
                await _close(self._items)

    async def _start(self, source: "Iterable[Item]") -> None:
        for item in islice(source, self._limit):
            if self._room is not None:
                await self._room.acquire()
            self._spawn(self._work(source, self.read, item))
            self.read += 1

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is not None:
            self._broken = self._broken or task
            self._over.set()
        elif not self._tasks:
            self._over.set()

    async def _work(self, source: Iterable[Item], index: int, item: Item) -> None:
        await self._call(index, item)
        if self._room is not None:
            await self._room.acquire()
        for following in source:
            index = self.read
            self.read += 1
            await self._call(index, following)
            if self._room is not None:
                await self._room.acquire()

    async def _work_async(self, source: AsyncIterator[Item], turn: asyncio.Lock) -> None:
        while True:
            if self._room is not None:
                await self._room.acquire()
            async with turn:
                try:
                    item = await anext(source)
                except StopAsyncIteration:
                    return
                index = self.read
                self.read += 1
            if len(self._tasks) < self._limit:
                self._spawn(self._work_async(source, turn))
            await self._call(index, item)

    async def _call(self, index: int, item: Item) -> None:
        try:
            result = await self._fn(item)
        except Exception as error:  # noqa: BLE001 - any failure of an item is told to ``done``, which decides
            self._done(index, item, error, True)
        else:
            self._done(index, item, result, False)


async def _close(source: object) -> None:
    # A generator is nobody else's; a file that was given as lines is its owner's.
    if isinstance(source, AsyncGenerator):
        await source.aclose()
    elif isinstance(source, Generator):
        source.close()
