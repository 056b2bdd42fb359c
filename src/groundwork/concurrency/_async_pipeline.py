"""Stages that work side by side, each with a bounded queue before it.

Rule: an accepted item comes to one end, exactly one: its result, its failure, or its cancellation. A full queue makes
the stage before it wait, and at last whoever puts, so memory is bounded by the queues however fast the source is.
Cost: one task for each worker; about 3 us an item and stage, and 3 us to accept it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from groundwork.concurrency._arguments import check_count
from groundwork.concurrency._map import stream_outcomes
from groundwork.concurrency._workers import Source, stop
from groundwork.errors import ConfigurationError, UsageError

Item = TypeVar("Item")
Work = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline.

    Attributes:
        fn: An asynchronous function of one item, which returns the item of the next stage.
        workers: How many items it works on at once.
        queue: How many wait before it at most.
        name: For ``stats``; the function's if empty.
    """

    fn: Work
    workers: int = 1
    queue: int = 16
    name: str = ""

    def __post_init__(self) -> None:
        check_count("stage workers", self.workers)
        check_count("stage queue", self.queue)


@dataclass(frozen=True, slots=True)
class StageStats:
    """What a stage has done and is doing.

    Attributes:
        name: Its name.
        queued: Items that wait before it.
        running: Items it works on.
        waiting: Items it has done with, for which the next stage has no room.
        done: Items that came through.
        failed: Items that failed in it.
        cancelled: Items given up on in it or before it.
        busy_s: Seconds its workers spent in its function, together.
    """

    name: str
    queued: int
    running: int
    waiting: int
    done: int
    failed: int
    cancelled: int
    busy_s: float


@dataclass(slots=True)
class _Counts:
    running: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    busy_s: float = 0.0


_Entry = tuple[Any, "asyncio.Future[Any]"]


class AsyncPipeline(Generic[Item]):
    """Puts items through stages: ``async with AsyncPipeline(fetch, Stage(parse, workers=4)) as pipeline:``.

    ``run`` and ``stream`` put a whole source through; ``put`` one item, for whoever gets them one at a time. Leaving
    the block drains it; leaving it by an exception cancels what is under way. For one event loop and one block.

    Args:
        *stages: Asynchronous functions, or ``Stage`` for more workers than one.
        errors: ``"collect"``: a failure is its item's, and the others go on. ``"raise"``: the first one cancels
            everything, and is raised by whatever is called next and by the end of the block.

    Raises:
        ConfigurationError: No stage, or no such way with errors.
    """

    def __init__(self, *stages: Stage | Work, errors: Literal["raise", "collect"] = "raise") -> None:
        if not stages:
            raise ConfigurationError("a pipeline needs a stage; pass at least one asynchronous function")
        if errors not in ("raise", "collect"):
            raise ConfigurationError(f"errors is {errors!r}; pass 'raise' or 'collect'")
        self._stages = [stage if isinstance(stage, Stage) else Stage(stage) for stage in stages]
        self._errors = errors
        self._queues: list[asyncio.Queue[_Entry]] = [asyncio.Queue(stage.queue) for stage in self._stages]
        self._counts = [_Counts() for _ in self._stages]
        self._open: set[asyncio.Future[Any]] = set()
        self._workers: list[asyncio.Task[object]] = []
        self._empty = asyncio.Event()
        self._over = asyncio.Event()
        self._state: Literal["new", "running", "draining", "ended"] = "new"
        self._failure: Exception | None = None

    async def __aenter__(self) -> Self:
        if self._state != "new":
            raise UsageError("this pipeline has been used", hint="Make one for each block.")
        self._state = "running"
        for at, stage in enumerate(self._stages):
            self._workers += [asyncio.create_task(self._work(at, stage)) for _ in range(stage.workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.drain()
        finally:
            await self.cancel()

    async def put(self, item: Item) -> "asyncio.Future[Any]":
        """Hand in an item; returns when the first stage has room for it.

        Args:
            item: What the first stage takes.

        Returns:
            A future of what the last stage makes of it. It need not be awaited. Cancelling it gives the item up: no
            further stage sees it.

        Raises:
            UsageError: The block was not entered, or the pipeline drains or has ended.
            Exception: The failure that ended it.
        """
        self._check()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._open.add(future)
        future.add_done_callback(self._ended)
        try:
            try:
                self._queues[0].put_nowait((item, future))
            except asyncio.QueueFull:
                await self._wait_for_room((item, future))
        except BaseException:
            future.cancel()
            raise
        return future

    async def run(self, items: Source[Item]) -> list[Any]:
        """Put all items through.

        Args:
            items: Read as fast as they go through; asynchronous iterables too.

        Returns:
            What the last stage made of each, in the order of ``items``; with ``errors="collect"``, failures stand in
            their place.

        Raises:
            Exception: As ``put`` does; what the source itself raises.
        """
        async with aclosing(self.stream(items)) as stream:
            return [outcome async for _, outcome in stream]

    async def stream(self, items: Source[Item], *, ordered: bool = True) -> AsyncGenerator[tuple[Item, Any], None]:
        """Put all items through and give what comes out: ``async for item, result in pipeline.stream(items)``.

        A slow reader slows the source down. Left early, as ``map_stream`` says, it gives up on what is under way.

        Args:
            items: Read as fast as they go through; asynchronous iterables too.
            ordered: In the order of ``items``; False for as completed.

        Yields:
            The item, and what the last stage made of it or, with ``errors="collect"``, its failure.

        Raises:
            Exception: As ``put`` does; what the source itself raises.
        """
        inside = sum(stage.workers + stage.queue for stage in self._stages)
        stream = stream_outcomes(self._through, items, inside, ordered=ordered, errors=self._errors, window=2 * inside)
        async with aclosing(stream):
            async for item, outcome in stream:
                yield item, outcome

    async def drain(self) -> None:
        """Accept nothing more, and wait until all that was accepted has come to its end.

        Raises:
            UsageError: The block was not entered.
            Exception: The failure that ended the pipeline.
        """
        if self._state == "new":
            self._check()
        if self._state == "running":
            self._state = "draining"
        while self._open:
            self._empty.clear()
            await self._empty.wait()
        if self._failure is not None:
            raise self._failure

    async def cancel(self) -> None:
        """Give up on everything that is under way; when this returns no task is left."""
        self._abandon()
        try:
            await stop(self._workers)
        finally:
            for future in list(self._open):
                future.cancel()

    def stats(self) -> list[StageStats]:
        """Return what each stage has done and is doing."""
        return [
            StageStats(
                stage.name or getattr(stage.fn, "__name__", type(stage.fn).__name__),
                queue.qsize(),
                counts.running,
                counts.waiting,
                counts.done,
                counts.failed,
                counts.cancelled,
                counts.busy_s,
            )
            for stage, queue, counts in zip(self._stages, self._queues, self._counts, strict=True)
        ]

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._state != "running":
            words = {"new": "was not entered", "draining": "drains", "ended": "has ended"}[self._state]
            raise UsageError(f"the pipeline {words}", hint="Put items inside `async with pipeline:`, before drain().")

    def _ended(self, future: "asyncio.Future[Any]") -> None:
        self._open.discard(future)
        # Looked at: a failure that nobody asks for is in the stats, and with "raise" in the failure of the pipeline.
        _ = future.cancelled() or future.exception()
        if not self._open:
            self._empty.set()

    async def _wait_for_room(self, entry: _Entry) -> None:
        putting = asyncio.create_task(self._queues[0].put(entry))
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait((putting, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await stop((putting, over))
        if self._over.is_set():
            if self._failure is not None:
                raise self._failure
            self._check()

    async def _through(self, item: Item) -> Any:
        future = await self.put(item)
        try:
            return await future
        except asyncio.CancelledError:
            # Not this task, but the pipeline was cancelled, by a failure that should be told instead.
            if self._failure is not None and not _being_cancelled():
                raise self._failure from None
            raise

    def _abandon(self) -> None:
        self._state = "ended"
        self._over.set()
        for worker in self._workers:
            if worker is not asyncio.current_task():
                worker.cancel()

    async def _work(self, at: int, stage: Stage) -> None:
        queue, counts = self._queues[at], self._counts[at]
        time = asyncio.get_running_loop().time
        while True:
            value, future = await queue.get()
            if future.done():
                counts.cancelled += 1
                continue
            counts.running += 1
            begun = time()
            try:
                value = await stage.fn(value)
            except asyncio.CancelledError:
                counts.cancelled += 1
                future.cancel()
                if _being_cancelled():
                    raise
                continue
            except Exception as error:  # noqa: BLE001 - any failure of an item is that item's
                counts.failed += 1
                if not future.done():
                    future.set_exception(error)
                if self._errors == "raise":
                    self._break(error)
                    return
                continue
            finally:
                counts.running -= 1
                counts.busy_s += time() - begun
            await self._hand_on(at, counts, value, future)

    async def _hand_on(self, at: int, counts: _Counts, value: Any, future: "asyncio.Future[Any]") -> None:
        if future.done():
            counts.cancelled += 1
            return
        if at + 1 < len(self._queues):
            counts.waiting += 1
            try:
                await self._queues[at + 1].put((value, future))
            finally:
                counts.waiting -= 1
        else:
            future.set_result(value)
        counts.done += 1

    def _break(self, error: Exception) -> None:
        self._failure = error
        self._abandon()
        for future in list(self._open):
            future.cancel()


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
