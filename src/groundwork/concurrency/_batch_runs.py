"""The batches that are under way, where they run, and how long they take.

Rule: there are as many as may run at once. One more each may wait at the door of threads that are known to be no more
than that, if it is full: it cannot grow, and is saved the way through the loop, which is busy with the answers of the
batch before just then. Who leaves it meanwhile is still left out.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context
from functools import partial
from math import inf
from time import perf_counter
from typing import Any, Literal

from groundwork.concurrency._batch_run import BatchRun
from groundwork.concurrency._group_queue import Slices
from groundwork.concurrency._isolation import Answer, predict_isolated
from groundwork.errors import ConfigurationError, UsageError


class BatchRuns:
    """Runs batches and says when each has ended.

    Args:
        predict: The model.
        executor: As of ``Batcher``.
        most: How many may run at once.
        answer: Called on the loop with the slices and the answers of each batch.

    Attributes:
        batch_s: How long a batch takes, in seconds, recent ones counting most; 0.0 before the first.
        inline: Whether they run on the event loop.

    Raises:
        ConfigurationError: The executor is none, or is the event loop and several batches are to run at once.
    """

    def __init__(
        self,
        predict: Callable[[list[Any]], Sequence[Any]],
        executor: Executor | Literal["inline"] | None,
        most: int,
        answer: Callable[[Slices, list[Answer]], None],
    ) -> None:
        self.batch_s = 0.0
        self._predict = predict
        self._most = most
        self._answer = answer
        self._own: ThreadPoolExecutor | None = None
        self._runs: list[BatchRun] = []
        self.use(executor)
        if self.inline and most > 1:
            raise ConfigurationError(
                f"batches is {most}, but the event loop runs one at a time", hint="Pass an executor, or batches=1."
            )

    def __len__(self) -> int:
        return len(self._runs)

    def use(self, executor: Executor | Literal["inline"] | None) -> None:
        """Run elsewhere from the next batch on.

        Args:
            executor: As of ``Batcher``.

        Raises:
            ConfigurationError: It is none.
        """
        if not (executor is None or executor == "inline" or isinstance(executor, Executor)):
            raise ConfigurationError(
                f"executor is {executor!r}, which runs nothing",
                hint="Pass an Executor of concurrent.futures, 'inline', or None for threads of its own.",
            )
        self._executor = executor
        self.inline = executor == "inline"
        # More threads than batches, or nobody knows how many, would run what is meant to wait.
        self._has_door = executor is None or (
            isinstance(executor, ThreadPoolExecutor) and getattr(executor, "workers", inf) <= self._most
        )

    def open(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """Say where answers are given.

        Args:
            loop: On which.
            context: In which.
        """
        self._loop = loop
        self._context = context

    def has_room(self, full: bool) -> bool:
        """Say whether a batch may be handed over.

        Args:
            full: Whether it cannot grow any more.
        """
        running = len(self._runs)
        return running < self._most or (full and self._has_door and running < 2 * self._most)

    def at_the_door(self) -> Slices:
        """Return what was handed over, has not begun, and is still wanted."""
        return [each for run in self._runs if run.began < 0 for each in run.wanted()]

    def wait_s(self, ahead: int) -> float:
        """Estimate how long a newcomer would wait for its answer, in seconds; 0.0 before the first batch.

        Args:
            ahead: How many batches wait before its own.
        """
        ahead += max(0, len(self._runs) + 1 - self._most)
        return self.batch_s * (1 + ahead / self._most)

    def start(self, items: list[Any], slices: Slices) -> None:
        """Run a batch.

        Args:
            items: What it holds.
            slices: Whose they are.
        """
        run = BatchRun(items, slices)
        self._runs.append(run)
        if self.inline:
            self._run_here(run)
        else:
            self._hand_over(run)

    def close(self) -> None:
        """Let the threads of its own end when they have nothing to do."""
        if self._own is not None:
            self._own.shutdown(wait=False)

    def _run_here(self, run: BatchRun) -> None:
        run.began = perf_counter()
        try:
            answers = predict_isolated(self._predict, run.items)
        except BaseException as error:
            # An exit asked for by the model: the loop must see it, but nobody may wait for ever because of it.
            self._finish(run, [error] * len(run.items))
            raise
        self._finish(run, answers)

    def _hand_over(self, run: BatchRun) -> None:
        try:
            if self._has_door:
                future = self._threads().submit(run.predict_wanted, self._predict, self._loop.time)
            else:
                run.began = perf_counter()
                future = self._threads().submit(predict_isolated, self._predict, run.items)
        except Exception as error:  # noqa: BLE001 - an executor shut down or broken, whatever it says: callers hear it
            run.began = -1.0
            self._finish(run, [error] * len(run.items))
            return
        future.add_done_callback(partial(self._finish_soon, run))

    def _threads(self) -> Executor:
        if isinstance(self._executor, Executor):
            return self._executor
        if self._own is None:
            self._own = ThreadPoolExecutor(self._most, thread_name_prefix="groundwork-batcher")
        return self._own

    def _finish_soon(self, run: BatchRun, future: "Future[list[Answer]]") -> None:
        """Finish on the loop; called on the executor's thread."""
        answers = _answers(future, len(run.items))
        try:
            self._loop.call_soon_threadsafe(self._finish, run, answers, context=self._context)
        except RuntimeError:
            # A loop closed in mid-batch has no callers left to answer.
            if not self._loop.is_closed():
                raise

    def _finish(self, run: BatchRun, answers: list[Answer]) -> None:
        self._runs.remove(run)
        if run.began >= 0:
            seconds = perf_counter() - run.began
            self.batch_s = seconds if self.batch_s == 0.0 else 0.8 * self.batch_s + 0.2 * seconds
        self._answer(run.slices, answers)


def _answers(done: "Future[list[Answer]]", count: int) -> list[Answer]:
    if done.cancelled():
        return [UsageError("the executor was shut down before the batch ran")] * count
    error = done.exception()
    return [error] * count if error is not None else done.result()
