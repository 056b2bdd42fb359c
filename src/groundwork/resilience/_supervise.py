"""A background task that is kept running.

Rule: it never dies in silence. A failure restarts it after a wait; too many of them end the block that it works for,
and when that block ends, no task is left.
"""

import asyncio
import inspect
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from groundwork.errors import ConfigurationError, RetryExhausted, first_line
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._backoff import Backoff
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._retry_hooks import tell
from groundwork.resilience._stopping import stop
from groundwork.resilience._wrapping import decorable, name_of

_log = logging.getLogger("groundwork.resilience")


@dataclass(frozen=True, slots=True)
class Restart:
    """A background task that failed, and what follows.

    Attributes:
        name: What was running, as ``module.function``.
        number: How many failures there have been within the time that counts, this one included.
        error: Why it failed.
        wait_s: Seconds until it is started again, or None if it is not.
    """

    name: str
    number: int
    error: Exception
    wait_s: float | None


class RestartHook(Protocol):
    """A function that is told of each failure of a supervised task."""

    def __call__(self, restart: Restart, /) -> Any:
        """Listen; called before the wait, in the event loop, so it should be quick.

        Args:
            restart: What failed, and what follows.
        """
        ...


class supervise:  # noqa: N801 - used as a verb, as deadline
    """Keep ``fn`` running beside a block: ``async with supervise(refresh):``; or as a task of your own: ``.run()``.

    A failure starts it again after a wait that grows with the failures that count. One that comes when ``max_restarts``
    are used up within ``within_s`` cancels the block and is raised from its end. A normal return ends the work and
    restarts nothing. At the end of the block the task is cancelled and awaited, its cleanup included.

    Args:
        fn: A coroutine function without arguments.
        restart: Waits before the restarts.
        max_restarts: Restarts within ``within_s`` before it is given up; 0 or more.
        within_s: How long a failure counts.
        hook: Told of each failure.
        clock: Where time comes from; the system's if None.
        seed: Seed of the jitter; None for a spread that nothing repeats.

    Raises:
        ConfigurationError: The numbers make no sense.
        RetryExhausted: From the block or ``run()``: it failed too often; the last failure is the cause. If the block
            fails by itself at the same time, its own error is raised and this one is logged.
    """

    def __init__(
        self,
        fn: Callable[[], Awaitable[Any]],
        *,
        restart: Backoff | None = None,
        max_restarts: int = 5,
        within_s: float = 60.0,
        hook: RestartHook | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        arguments.count("supervise max_restarts", max_restarts, least=0)
        arguments.number("supervise within_s", within_s, above=True)
        arguments.kind("supervise restart", restart, Backoff)
        arguments.listener("supervise", hook)
        arguments.clock("supervise", clock)
        self._fn = _without_arguments(fn)
        self._backoff = Backoff() if restart is None else restart
        self._max_restarts = max_restarts
        self._within_s = within_s
        self._hook = hook
        self._clock: Clock = SystemClock() if clock is None else clock
        self._rng = random.SystemRandom() if seed is None else random.Random(seed)
        self._task: asyncio.Task[Any] | None = None
        self._block: asyncio.Task[Any] | None = None
        self._cancelling = 0
        self._escalated = False

    async def run(self) -> Any:
        """Run and restart in this task.

        Returns:
            What ``fn`` returns, once it does.

        Raises:
            RetryExhausted: It failed too often.
            ConfigurationError: ``fn`` returned nothing to await.
        """
        began_s = self._clock.monotonic()
        failed_at_s: deque[float] = deque()
        wait_s: float | None = None
        while True:
            try:
                work = self._fn()
                if not inspect.isawaitable(work):
                    break
                return await work
            except Exception as error:
                if _is_cancelled():
                    raise
                wait_s = self._next_wait_s(failed_at_s, wait_s)
                tell(self._hook, Restart(name_of(self._fn), len(failed_at_s), error, wait_s))
                if wait_s is None:
                    raise self._given_up(error, len(failed_at_s), self._clock.monotonic() - began_s) from error
            await self._clock.sleep_async(wait_s)
        raise ConfigurationError(
            f"supervise keeps coroutine functions running, and {name_of(self._fn)} returned nothing to await",
            hint="make it async; a blocking loop goes into asyncio.to_thread within one",
        )

    def _next_wait_s(self, failed_at_s: deque[float], previous_s: float | None) -> float | None:
        now_s = self._clock.monotonic()
        failed_at_s.append(now_s)
        while failed_at_s[0] <= now_s - self._within_s:
            failed_at_s.popleft()
        failures = len(failed_at_s)
        if failures > self._max_restarts:
            return None
        return self._backoff.wait_s(failures, self._rng, None if failures == 1 else previous_s)

    def _given_up(self, error: Exception, failures: int, seconds: float) -> RetryExhausted:
        return RetryExhausted(
            f"{name_of(self._fn)} failed {failures} times within {self._within_s:g} s and is not restarted; "
            f"the last: {type(error).__name__}: {first_line(error)}",
            attempts=failures,
            seconds=seconds,
        )

    async def __aenter__(self) -> "supervise":
        if self._task is not None:
            raise ConfigurationError("one supervise serves one block; make another for the block inside")
        self._block = asyncio.current_task()
        assert self._block is not None
        self._cancelling = self._block.cancelling()
        self._escalated = False
        self._task = asyncio.create_task(self.run())
        self._task.add_done_callback(self._ended)
        return self

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if self._block is not None and not task.cancelled() and task.exception() is not None:
            self._escalated = True
            self._block.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        block, task = self._block, self._task
        assert block is not None
        assert task is not None
        # From here on the end of the task cancels nobody.
        self._block = None
        try:
            await stop([task])
        finally:
            self._task = None
            mine = self._escalated and block.uncancel() <= self._cancelling
        failure = None if task.cancelled() else task.exception()
        if failure is None:
            return
        if error is None or (mine and isinstance(error, asyncio.CancelledError)):
            raise failure
        _log.error("a supervised task failed while the block around it failed too", exc_info=failure)


def _without_arguments(fn: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    decorable(fn, "supervise")
    try:
        inspect.signature(fn).bind()
    except ValueError:  # functions of C may tell no signature
        return fn
    except TypeError as error:
        raise ConfigurationError(
            f"supervise calls {name_of(fn)} without arguments: {error}", hint="bind them by functools.partial"
        ) from None
    return fn


def _is_cancelled() -> bool:
    # A failure of the cleanup after a cancellation: the end that was asked for, and no reason for a restart.
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
