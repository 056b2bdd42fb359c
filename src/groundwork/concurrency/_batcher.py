"""Many callers, one model: rows that wait together are predicted together.

Rule: a batch is formed at the moment the executor comes free, never before, so it holds everything that waited; an idle
model starts at once. A row whose caller left or whose deadline passed never reaches the model, and a row that breaks a
batch fails alone. Cost: one future and one queue entry per call, whatever its number of rows; one hand-over to the
executor per batch.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from groundwork._failpoints import failpoint
from groundwork.concurrency._group import Group
from groundwork.concurrency._isolation import Answer, predict_isolated
from groundwork.errors import ConfigurationError, DeadlineExceeded, Overloaded, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Collects the items of concurrent callers into batches for one function.

    One batch is under way at a time. Leaving the ``async with`` block drains: accepted items are answered, new ones are
    refused.

    Args:
        predict: Takes a list of items and returns one result each, in order. It runs in the executor. A result that is
            an exception fails its item alone.
        max_size: Most items in one batch.
        max_wait_s: How long an idle model waits for a batch to fill. 0.0 never waits.
        max_queue: Most items that may wait; more are refused with ``Overloaded``.
        executor: Where ``predict`` runs; None means one thread of its own. An executor given here is left open.

    Raises:
        ConfigurationError: A limit is out of range.
    """

    def __init__(
        self,
        predict: Callable[[list[Item]], Sequence[Result]],
        *,
        max_size: int = 64,
        max_wait_s: float = 0.0,
        max_queue: int = 1024,
        executor: Executor | None = None,
    ) -> None:
        for name, value, least in (
            ("max_size", max_size, 1),
            ("max_queue", max_queue, 1),
            ("max_wait_s", max_wait_s, 0),
        ):
            if not value >= least:
                raise ConfigurationError(f"{name} is {value}; it must be at least {least}")
        self._predict = partial(_predicted, predict)
        self._max_size = max_size
        self._max_wait_s = max_wait_s
        self._max_queue = max_queue
        self._executor = executor
        self._owns_executor = executor is None
        self._queue: deque[Group[Item, Result]] = deque()
        self._queued = 0
        self._running = False
        self._start: asyncio.Handle | None = None
        self._start_now = False
        self._open = False
        self._drained: asyncio.Event = asyncio.Event()
        self._batch_s = 0.0

    @property
    def queued(self) -> int:
        """How many items wait now, those under way not counted."""
        return self._queued

    async def submit(self, item: Item, deadline_s: float | None = None) -> Result:
        """Predict one item, together with whatever else waits.

        Args:
            item: Passed to ``predict`` in a list.
            deadline_s: Seconds from now after which the answer is no longer wanted.

        Returns:
            The item's result.

        Raises:
            Overloaded: The queue is full; ``retry_after_s`` estimates when it will not be.
            DeadlineExceeded: The time ran out. An item still waiting then never reaches the model.
            PredictionError: ``predict`` returned another number of results than it got items.
            UsageError: The batcher is not open.
            Exception: Whatever ``predict`` raised for this item.
        """
        (answer,) = await self.submit_all([item], deadline_s)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def submit_all(self, items: Sequence[Item], deadline_s: float | None = None) -> list[Result | BaseException]:
        """Predict the items of one caller; cheaper than one ``submit`` each.

        Args:
            items: Accepted or refused together. More than ``max_size`` of them are spread over several batches.
            deadline_s: Seconds from now after which the answers are no longer wanted.

        Returns:
            One result each, in order; an item that failed has its exception in that place.

        Raises:
            Overloaded: The queue has no room for all of them.
            DeadlineExceeded: The time ran out before the last answer.
            UsageError: The batcher is not open, or there are more items than the queue can ever hold.
        """
        if not items:
            return []
        self._admit(len(items))
        if deadline_s is not None and deadline_s <= 0:
            raise _deadline_exceeded()
        loop = asyncio.get_running_loop()
        group: Group[Item, Result] = Group(items, loop.create_future())
        if deadline_s is not None:
            group.deadline = loop.time() + deadline_s
            group.timer = loop.call_at(group.deadline, self._expire, group)
        self._queue.append(group)
        self._queued += len(items)
        if not self._running:
            self._schedule()
        try:
            return await group.future
        finally:
            if group.timer is not None:
                group.timer.cancel()
            if group.waiting:
                self._discard(group)

    async def __aenter__(self) -> Self:
        if self._open or self._drained.is_set():
            raise UsageError("this batcher was opened before", hint="Make a new Batcher for each `async with`.")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="groundwork-batcher")
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        if not self._running:
            self._form()
        try:
            await self._drained.wait()
        finally:
            # Reached early only when the drain itself was cancelled: nobody may be left waiting for an answer.
            self._drained.set()
            while self._queue:
                self._queue.popleft().refuse(Overloaded("the batcher closed before this item's turn came"))
            self._queued = 0
            if self._owns_executor:
                cast("Executor", self._executor).shutdown(wait=False)

    def _admit(self, count: int) -> None:
        if not self._open:
            raise UsageError("the batcher is not open", hint="Submit inside `async with Batcher(...) as batcher:`.")
        if count > self._max_queue:
            raise UsageError(f"{count} items at once; the queue holds {self._max_queue}", hint="Send fewer at a time.")
        if self._queued + count > self._max_queue:
            batches = -(-self._queued // self._max_size) + 1
            raise Overloaded(
                f"{self._queued} items wait already and {count} more exceed the {self._max_queue} that may",
                retry_after_s=batches * self._batch_s,
            )

    def _schedule(self) -> None:
        """Start the idle executor: at the end of this turn of the loop, or once the batch is full or old enough."""
        loop = asyncio.get_running_loop()
        if self._start_now:
            return
        if self._max_wait_s > 0 and self._queued < self._max_size:
            if self._start is None:
                self._start = loop.call_later(self._max_wait_s, self._form)
            return
        if self._start is not None:
            self._start.cancel()
        self._start = loop.call_soon(self._form)
        self._start_now = True

    def _form(self) -> None:
        """Take what waits, up to ``max_size`` items, and hand it over."""
        if self._start is not None:
            self._start.cancel()
            self._start = None
            self._start_now = False
        loop = asyncio.get_running_loop()
        now = loop.time()
        slices: list[tuple[Group[Item, Result], int]] = []
        batch: list[Item] = []
        while self._queue and len(batch) < self._max_size:
            group = self._queue[0]
            if group.deadline is not None and now >= group.deadline:
                self._expire(group)
            if group.future.done():
                self._discard(group)
                continue
            taken = group.take(self._max_size - len(batch))
            self._queued -= len(taken)
            batch += taken
            slices.append((group, len(taken)))
            if not group.waiting:
                self._queue.popleft()
        if not batch:
            if not self._open:
                self._drained.set()
            return
        self._running = True
        started = perf_counter()
        try:
            future = cast("Executor", self._executor).submit(predict_isolated, self._predict, batch)
        except RuntimeError as error:  # the executor given was shut down, or its processes died
            self._finish(slices, started, [error] * len(batch))
            return
        future.add_done_callback(lambda done: _call(loop, self._finish, slices, started, done))

    def _finish(
        self, slices: list[tuple[Group[Item, Result], int]], started: float, done: "Future[list[Answer]] | list[Any]"
    ) -> None:
        """Give out the answers of a batch, and form the next one from what waits by now."""
        answers = done if isinstance(done, list) else _answers(done, sum(count for _, count in slices))
        loop = asyncio.get_running_loop()
        seconds = perf_counter() - started
        self._batch_s = seconds if self._batch_s == 0.0 else 0.8 * self._batch_s + 0.2 * seconds
        at = 0
        for group, count in slices:
            group.answer(answers[at : at + count])
            at += count
        self._running = False
        if self._queue or not self._open:
            # Not at once: the callers answered now may submit again, and should find their place in this batch.
            self._start = loop.call_soon(self._form)
            self._start_now = True

    def _expire(self, group: Group[Item, Result]) -> None:
        group.refuse(_deadline_exceeded())

    def _discard(self, group: Group[Item, Result]) -> None:
        if group in self._queue:
            self._queue.remove(group)
            self._queued -= group.waiting


def _predicted(predict: Callable[[list[Any]], Sequence[Any]], items: list[Any]) -> Sequence[Any]:
    failpoint("concurrency.batcher.before_predict")
    results = predict(items)
    failpoint("concurrency.batcher.after_predict")
    return results


def _answers(done: "Future[list[Answer]]", count: int) -> list[Any]:
    if done.cancelled():
        return [UsageError("the executor was shut down before the batch ran")] * count
    error = done.exception()
    return [error] * count if error is not None else done.result()


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *args: Any) -> None:
    # A loop closed in mid-batch has no callers left to answer.
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback, *args)


def _deadline_exceeded() -> DeadlineExceeded:
    return DeadlineExceeded(
        "the deadline passed before the model answered", hint="Allow more time, or send fewer rows."
    )
