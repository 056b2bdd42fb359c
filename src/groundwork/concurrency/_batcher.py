"""Many callers, one model: items that wait together are predicted together.

Rule: a batch is formed at the moment the executor comes free, so it holds everything that waited, and before that only
if it is full already; an idle model starts at once. An item whose caller left or whose deadline passed never reaches
the model, and an item that breaks a batch fails alone. Cost: one or two microseconds per call of ``post``, whatever its
number of items, and one hand-over to the executor per batch; ``submit`` adds a future.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from math import inf, isnan
from time import perf_counter
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from groundwork.concurrency._arguments import check_count, check_number
from groundwork.concurrency._deadlines import Deadlines
from groundwork.concurrency._group import Group, Outcome
from groundwork.concurrency._group_queue import GroupQueue, Slices
from groundwork.concurrency._isolation import Answer, predict_isolated
from groundwork.errors import ConfigurationError, DeadlineExceeded, Overloaded, UsageError

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
            the loop for as long: only for functions that take well under a millisecond.
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
        _check_executor(executor)
        if executor == "inline" and batches > 1:
            raise ConfigurationError(
                f"batches is {batches}, but the event loop runs one at a time", hint="Pass an executor, or batches=1."
            )
        self._predict = predict
        self._max_size = max_size
        self._max_wait_s = max_wait_s
        self._max_queue = max_queue
        self._executor = executor
        self._own: ThreadPoolExecutor | None = None
        self._rows = rows
        self._batches = batches
        self._queue = GroupQueue()
        self._running = 0
        # Each with when it began, -1.0 before that.
        self._handed: list[tuple[Slices, list[float]]] = []
        self._start: asyncio.Handle | None = None
        self._start_now = False
        self._open = False
        self._drained: asyncio.Event = asyncio.Event()
        self._batch_s = 0.0

    @property
    def queued(self) -> int:
        """How many rows wait now, those under way not counted."""
        return self._queue.rows + sum(group.rows_of(start, count) for group, start, count in self._at_the_door())

    @property
    def running(self) -> int:
        """How many batches are under way."""
        return self._running

    @property
    def batch_s(self) -> float:
        """How long a batch takes, in seconds, recent ones counting most; 0.0 before the first."""
        return self._batch_s

    def wait_s(self) -> float:
        """Estimate how long a newcomer would wait for its answer, in seconds; 0.0 before the first batch."""
        ahead = self._queue.rows // self._max_size + max(0, self._running + 1 - self._batches)
        return self._batch_s * (1 + ahead / self._batches)

    def use(self, executor: Executor | Literal["inline"] | None) -> None:
        """Run ``predict`` elsewhere from the next batch on.

        Args:
            executor: As in the constructor.

        Raises:
            ConfigurationError: It is none.
        """
        _check_executor(executor)
        self._executor = executor

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
        _check_call(done, deadline_s)
        weights: Sequence[int] | None = None
        if self._rows is None:
            rows = len(items)
        elif len(items) == 1:
            rows = self._rows(items[0])
            if not 0 < rows <= self._max_size:
                raise self._misfit(rows)
            weights = (rows,)
        else:
            weights = [self._rows(item) for item in items]
            rows = sum(weights)
            for weight in weights:
                if not 0 < weight <= self._max_size:
                    raise self._misfit(weight)
        # What waits at the door is counted only where it can matter.
        most = self._queue.rows + rows + self._batches * self._max_size
        if not self._open or (most > self._max_queue and self.queued + rows > self._max_queue):
            raise self._refusal(rows)
        group: Group[Item, Result] = Group(items, rows, weights, done, self._leave)
        if not rows:
            self._end(group, [])
            return group
        if deadline_s is not None and deadline_s < inf:
            if deadline_s <= 0:
                raise _deadline_exceeded()
            self._deadlines.add(group, self._loop.time() + deadline_s)
        self._queue.append(group)
        if not self._start_now and self._has_room():
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
            if self._start is not None:
                self._start.cancel()
            for group in [*(group for group, _, _ in self._at_the_door()), *self._queue.all()]:
                if group.done is not None:
                    self._end(group, Overloaded("the batcher closed before this item's turn came"))
            self._deadlines.close()
            if self._own is not None:
                self._own.shutdown(wait=False)

    def _misfit(self, rows: int) -> UsageError:
        if rows < 1:
            return UsageError(f"an item of {rows} rows", hint="Post items of at least one row.")
        return UsageError(f"an item of {rows} rows; a batch holds {self._max_size}", hint="Split it first.")

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
            if self._start is None:
                self._start = self._loop.call_later(self._max_wait_s, self._form, context=self._context)
            return
        if self._start is not None:
            self._start.cancel()
        self._start = self._loop.call_soon(self._form, context=self._context)
        self._start_now = True

    def _form(self) -> None:
        """Hand over what waits, up to ``max_size`` rows to each executor that is free."""
        if self._start is not None:
            self._start.cancel()
            self._start = None
            self._start_now = False
        while self._queue.rows and self._has_room():
            batch, slices, over = self._queue.take(self._max_size, self._loop.time())
            for group in over:
                # Told later, since whoever is told may cancel others, whom this batch holds already.
                self._loop.call_soon(self._expire, group, context=self._context)
            if batch:
                self._running += 1
                self._run(batch, slices)
            if self._executor == "inline":
                break
        if not (self._open or self._queue.rows or self._running):
            self._drained.set()

    def _has_room(self) -> bool:
        """Say whether a batch may be handed over: an executor is free, or will find one that is full already.

        A full batch cannot grow, so it waits at the executor's own door: that saves it the way through the loop, which
        is busy with the answers of the batch before just then. Who leaves it meanwhile is still left out.
        """
        if self._running < self._batches:
            return True
        return self._queue.rows >= self._max_size and self._running < 2 * self._batches and self._has_threads()

    def _at_the_door(self) -> Slices:
        """Return what was handed over, has not begun, and is still wanted."""
        waiting = [slices for slices, started in self._handed if started[0] < 0]
        return [each for slices in waiting for each in slices if each[0].done is not None]

    def _has_threads(self) -> bool:
        if self._executor is None:
            return True
        # More threads than batches would run what is meant to wait.
        return isinstance(self._executor, ThreadPoolExecutor) and self._executor._max_workers <= self._batches

    def _predict_wanted(self, batch: list[Item], slices: Slices, started: list[float]) -> list[Answer]:
        """Predict what is still wanted of a batch, on the executor's thread."""
        now = self._loop.time()
        wanted = [
            group.done is not None and group.deadline > now and (group.future is None or not group.future.done())
            for group, _, _ in slices
        ]
        if any(wanted):
            # What predicts nothing has not begun: it says nothing of how long a batch takes.
            started[0] = perf_counter()
        if all(wanted):
            return predict_isolated(self._predict, batch)
        kept = [keep for keep, (_, _, count) in zip(wanted, slices, strict=True) for _ in range(count)]
        items = [item for item, keep in zip(batch, kept, strict=True) if keep]
        answers = iter(predict_isolated(self._predict, items) if items else [])
        return [next(answers) if keep else _deadline_exceeded() for keep in kept]

    def _run(self, batch: list[Item], slices: Slices) -> None:
        started = [-1.0 if self._has_threads() else perf_counter()]
        self._handed.append((slices, started))
        if self._executor == "inline":
            try:
                answers = predict_isolated(self._predict, batch)
            except BaseException as error:
                # An exit asked for by the model: the loop must see it, but nobody may wait for ever because of it.
                self._finish(slices, started, [error] * len(batch))
                raise
            self._finish(slices, started, answers)
            return
        try:
            if self._has_threads():
                future = self._executor_now().submit(self._predict_wanted, batch, slices, started)
            else:
                future = self._executor_now().submit(predict_isolated, self._predict, batch)
        except Exception as error:  # noqa: BLE001 - an executor shut down or broken, whatever it says: callers hear it
            started[0] = -1.0
            self._finish(slices, started, [error] * len(batch))
            return
        future.add_done_callback(partial(self._finish_soon, slices, started))

    def _executor_now(self) -> Executor:
        if isinstance(self._executor, Executor):
            return self._executor
        if self._own is None:
            self._own = ThreadPoolExecutor(self._batches, thread_name_prefix="groundwork-batcher")
        return self._own

    def _finish_soon(self, slices: Slices, started: list[float], future: "Future[list[Answer]]") -> None:
        answers = _answers(future, sum(count for _, _, count in slices))
        try:
            self._loop.call_soon_threadsafe(self._finish, slices, started, answers, context=self._context)
        except RuntimeError:
            # A loop closed in mid-batch has no callers left to answer.
            if not self._loop.is_closed():
                raise

    def _finish(self, slices: Slices, started: list[float], answers: list[Answer]) -> None:
        """Give out the answers of a batch, and form the next one from what waits by now."""
        self._handed = [handed for handed in self._handed if handed[1] is not started]
        if started[0] >= 0:
            seconds = perf_counter() - started[0]
            self._batch_s = seconds if self._batch_s == 0.0 else 0.8 * self._batch_s + 0.2 * seconds
        self._running -= 1
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
        if (self._queue.rows or not self._open) and not self._start_now:
            # Not at once: the callers answered now may come again, and should find their place in this batch.
            if self._start is not None:
                self._start.cancel()
            self._start = self._loop.call_soon(self._form, context=self._context)
            self._start_now = True

    def _expire(self, group: Group[Item, Result]) -> None:
        if group.done is not None:
            self._end(group, _deadline_exceeded())

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


def _check_call(done: object, deadline_s: object) -> None:
    # Nobody could be told of the end, and None in a group means that it was.
    if not callable(done):
        raise UsageError(f"done is {done!r}, which cannot be called", hint="Pass a function of the outcome.")
    if deadline_s is not None and (not isinstance(deadline_s, int | float) or isnan(deadline_s)):
        raise UsageError(f"deadline_s is {deadline_s!r}; it must be a number of seconds", hint="None sets no limit.")


def _check_executor(executor: object) -> None:
    if not (executor is None or executor == "inline" or isinstance(executor, Executor)):
        raise ConfigurationError(
            f"executor is {executor!r}, which runs nothing",
            hint="Pass an Executor of concurrent.futures, 'inline', or None for threads of its own.",
        )


def _answers(done: "Future[list[Answer]]", count: int) -> list[Any]:
    if done.cancelled():
        return [UsageError("the executor was shut down before the batch ran")] * count
    error = done.exception()
    return [error] * count if error is not None else done.result()


def _settle(future: "asyncio.Future[Any]", outcome: Outcome[Any]) -> None:
    if future.done():
        return
    if isinstance(outcome, list):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)


def _deadline_exceeded() -> DeadlineExceeded:
    return DeadlineExceeded(
        "the deadline passed before the model answered", hint="Allow more time, or send fewer rows."
    )
