"""Many callers, one model: items that wait together are predicted together.

Rule: a batch is formed at the moment the executor comes free, so it holds everything that waited, and before that only
if it is full already; an idle model starts at once. An item whose caller left or whose deadline passed never reaches
the model, and an item that breaks a batch fails alone. Cost: one or two microseconds per call of ``post``, whatever its
number of items, and one hand-over to the executor per batch; ``submit`` adds a future.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from functools import partial
from math import inf
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from groundwork.concurrency._arguments import check_count, check_number
from groundwork.concurrency._batch_errors import check_call, deadline_exceeded, misfit
from groundwork.concurrency._batch_runs import BatchRuns
from groundwork.concurrency._batch_start import BatchStart
from groundwork.concurrency._deadlines import Deadlines
from groundwork.concurrency._group import Group, Outcome
from groundwork.concurrency._group_queue import GroupQueue, Slices
from groundwork.concurrency._isolation import Answer
from groundwork.errors import Overloaded, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Collects the items of concurrent callers into batches for one function.

    Items are taken in the order in which they came. Leaving the ``async with`` block drains: accepted items are
    answered, new ones are refused.

    Args:
        predict: Takes a list of items and returns one result each, in order. A result that is an exception fails its
            item alone.
        max_size: Most rows in one batch.
        max_wait_s: How long an idle model waits for a batch to fill. 0.0 never waits.
        max_queue: Most rows that may wait; more are refused with ``Overloaded``.
        executor: Where ``predict`` runs; None means threads of its own, one for each of ``batches``. An executor given
            here is left open. ``"inline"`` calls ``predict`` on the event loop, which saves the hand-over and stops
            the loop for as long: only for functions that take well under a millisecond. Threads that say by an
            attribute ``workers`` how many they are, no more than ``batches``, get a full batch ahead, as its own do.
        rows: How many rows an item has, at least one; None means one each.
        batches: How many batches may be under way at once. With more than one they may finish in another order than
            they began; each call still gets its own answers in its own order.

    Raises:
        ConfigurationError: A limit is out of range, the executor is none, or several batches at once are asked of the
                event loop.
    """

    def __init__(
        self,
        predict: Callable[[list[Item]], Sequence[Result]],
        *,
        max_size: int = 64,
        max_wait_s: float = 0.0,
        max_queue: int = 1024,
        executor: Executor | Literal["inline"] | None = None,
        rows: Callable[[Item], int] | None = None,
        batches: int = 1,
    ) -> None:
        for name, value in (("max_size", max_size), ("max_queue", max_queue), ("batches", batches)):
            check_count(name, value)
        check_number("max_wait_s", max_wait_s)
        self._max_size = max_size
        self._max_wait_s = max_wait_s
        self._max_queue = max_queue
        self._rows = rows
        self._queue = GroupQueue()
        self._runs = BatchRuns(predict, executor, batches, self._answer)
        # What waits at the door of an executor is counted only where it can matter.
        self._uncounted = max_queue - batches * max_size
        self._open = False
        self._drained: asyncio.Event = asyncio.Event()

    @property
    def queued(self) -> int:
        """How many rows wait now, those under way not counted."""
        return self._queue.rows + sum(group.rows_of(start, count) for group, start, count in self._runs.at_the_door())

    @property
    def running(self) -> int:
        """How many batches are under way."""
        return len(self._runs)

    @property
    def batch_s(self) -> float:
        """How long a batch takes, in seconds, recent ones counting most; 0.0 before the first."""
        return self._runs.batch_s

    def wait_s(self) -> float:
        """Estimate how long a newcomer would wait for its answer, in seconds; 0.0 before the first batch."""
        return self._runs.wait_s(self._queue.rows // self._max_size)

    def use(self, executor: Executor | Literal["inline"] | None) -> None:
        """Run ``predict`` elsewhere from the next batch on.

        Args:
            executor: As in the constructor.

        Raises:
            ConfigurationError: It is none.
        """
        self._runs.use(executor)

    def post(
        self, items: Sequence[Item], done: Callable[[Outcome[Result]], object], deadline_s: float | None = None
    ) -> Group[Item, Result]:
        """Predict the items of one caller, without a task or a future; the cheapest way in.

        Args:
            items: Accepted or refused together. More than fit into one batch are spread over several.
            done: Called once, on the loop and not before this returns, unless there are no items: with one answer an
                item, in order, an item that failed having its exception in that place; or with one error instead,
                ``DeadlineExceeded`` or, when a drain was given up, ``Overloaded``.
            deadline_s: Seconds from now after which the answers are no longer wanted.

        Returns:
            A handle; ``cancel()`` gives up what waits, and then ``done`` is not called.

        Raises:
            Overloaded: The queue has no room for all of them; ``retry_after_s`` estimates when it will have.
            DeadlineExceeded: The time has run out already.
            UsageError: The batcher is not open, an item is larger than a batch, or all are more than the queue can
                ever hold; ``done`` cannot be called, or ``deadline_s`` is no number.
        """
        check_call(done, deadline_s)
        weights: Sequence[int] | None = None
        if self._rows is None:
            rows = len(items)
        elif len(items) == 1:
            rows = self._rows(items[0])
            if not 0 < rows <= self._max_size:
                raise misfit(rows, self._max_size)
            weights = (rows,)
        else:
            weights = [self._rows(item) for item in items]
            rows = sum(weights)
            for weight in weights:
                if not 0 < weight <= self._max_size:
                    raise misfit(weight, self._max_size)
        waiting = self._queue.rows + rows
        if not self._open or (waiting > self._uncounted and self.queued + rows > self._max_queue):
            raise self._refusal(rows)
        group: Group[Item, Result] = Group(items, rows, weights, done, self._leave)
        if not rows:
            self._end(group, [])
            return group
        if deadline_s is not None and deadline_s < inf:
            if deadline_s <= 0:
                raise deadline_exceeded()
            self._deadlines.add(group, self._loop.time() + deadline_s)
        self._queue.append(group)
        if not self._start.soon and self._has_room():
            self._schedule()
        return group

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
            UsageError: The batcher is not open, or the item is larger than a batch.
            Exception: Whatever ``predict`` raised for this item.
        """
        (answer,) = await self.submit_all([item], deadline_s)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def submit_all(self, items: Sequence[Item], deadline_s: float | None = None) -> list[Result | BaseException]:
        """Predict the items of one caller; cheaper than one ``submit`` each.

        Args:
            items: As in ``post``.
            deadline_s: Seconds from now after which the answers are no longer wanted.

        Returns:
            One result each, in order; an item that failed has its exception in that place.

        Raises:
            Overloaded: The queue has no room for all of them.
            DeadlineExceeded: The time ran out before the last answer.
            UsageError: As in ``post``.
        """
        future: asyncio.Future[list[Result | BaseException]] = asyncio.get_running_loop().create_future()
        group = self.post(items, partial(_settle, future), deadline_s)
        # A task is cancelled a turn before it hears of it; its future knows at once.
        group.future = future
        try:
            return await future
        finally:
            group.cancel()

    async def __aenter__(self) -> Self:
        if self._open or self._drained.is_set():
            raise UsageError("this batcher was opened before", hint="Make a new Batcher for each `async with`.")
        self._loop = asyncio.get_running_loop()
        # Batches belong to no caller; they run in the context of whoever opened the batcher.
        self._context = copy_context()
        self._deadlines = Deadlines(self._loop, self._expire, self._context)
        self._start = BatchStart(self._loop, self._form, self._context)
        self._runs.open(self._loop, self._context)
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        try:
            self._form()
            await self._drained.wait()
        finally:
            # Reached early only when the drain itself was cancelled: nobody may be left waiting for an answer.
            self._drained.set()
            self._start.clear()
            for group in [*(group for group, _, _ in self._runs.at_the_door()), *self._queue.all()]:
                if group.done is not None:
                    self._end(group, Overloaded("the batcher closed before this item's turn came"))
            self._deadlines.close()
            self._runs.close()

    def _refusal(self, rows: int) -> Exception:
        if not self._open:
            return UsageError("the batcher is not open", hint="Submit inside `async with Batcher(...) as batcher:`.")
        if rows > self._max_queue:
            return UsageError(f"{rows} items at once; the queue holds {self._max_queue}", hint="Send fewer at a time.")
        return Overloaded(
            f"{self.queued} items wait already and {rows} more exceed the {self._max_queue} that may",
            retry_after_s=self.wait_s(),
        )

    def _schedule(self) -> None:
        """Start an idle executor: at the end of this turn of the loop, or once the batch is full or old enough."""
        if self._max_wait_s > 0 and self._open and self._queue.rows < self._max_size:
            self._start.set_in(self._max_wait_s)
        else:
            self._start.set_soon()

    def _form(self) -> None:
        """Hand over what waits, up to ``max_size`` rows to each executor that is free."""
        self._start.clear()
        while self._queue.rows and self._has_room():
            batch, slices, over = self._queue.take(self._max_size, self._loop.time())
            for group in over:
                # Told later, since whoever is told may cancel others, whom this batch holds already.
                self._loop.call_soon(self._expire, group, context=self._context)
            if batch:
                self._runs.start(batch, slices)
            if self._runs.inline:
                break
        if not (self._open or self._queue.rows or self._runs):
            self._drained.set()

    def _has_room(self) -> bool:
        return self._runs.has_room(self._queue.rows >= self._max_size)

    def _answer(self, slices: Slices, answers: list[Answer]) -> None:
        """Give out the answers of a batch, and form the next one from what waits by now."""
        at = 0
        for group, start, count in slices:
            if group.done is not None:
                part: list[Answer] | None = answers[at : at + count]
                if count < len(group.items):
                    part = group.place(start, answers[at : at + count])
                if part is not None:
                    self._end(group, part)
            at += count
        self._deadlines.sweep()
        if (self._queue.rows or not self._open) and not self._start.soon:
            # Not at once: the callers answered now may come again, and should find their place in this batch.
            self._start.set_soon()

    def _expire(self, group: Group[Item, Result]) -> None:
        if group.done is not None:
            self._end(group, deadline_exceeded())

    def _end(self, group: Group[Item, Result], outcome: Outcome[Result]) -> None:
        done = group.done
        assert done is not None
        self._leave(group)
        try:
            done(outcome)
        except Exception as error:  # noqa: BLE001 - one caller's mistake must not cost the others their answers
            self._loop.call_exception_handler({"message": "a caller failed on its answers", "exception": error})

    def _leave(self, group: Group[Item, Result]) -> None:
        group.done = None
        group.items = ()
        if group.rows:
            self._queue.leave(group)
            self._deadlines.sweep()


def _settle(future: "asyncio.Future[Any]", outcome: Outcome[Any]) -> None:
    if future.done():
        return
    if isinstance(outcome, list):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
