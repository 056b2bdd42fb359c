"""One call that a pipeline makes, under the policies of its step.

Rule: the same call runs from synchronous and from asynchronous code; nothing of it goes on once it has returned.
"""

import asyncio
import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any

from groundwork.errors import ConfigurationError
from groundwork.resilience._attempts import Attempt, Attempts
from groundwork.resilience._cancel import CancellableClock, CancelToken
from groundwork.resilience._clock import Clock
from groundwork.resilience._deadline import deadline
from groundwork.resilience._process import call_in_process
from groundwork.resilience._retry import Retry
from groundwork.resilience._step import Function, is_async
from groundwork.resilience._values import Value
from groundwork.resilience._wrapping import name_of


class Call:
    """A function with its arguments.

    Args:
        fn: The function or coroutine function.
        arguments: Its arguments by name; each attempt gets copies of its own.
        token: What may end the call.
        clock: What a time limit of a coroutine is measured by.
        retry: How to try again, or None.
        timeout_s: Seconds for one attempt, or None.
        on_failure: Told of each failed attempt.

    Attributes:
        is_async: Whether only ``run_async`` can run it.
        count: Attempts so far.
    """

    def __init__(
        self,
        fn: Function,
        arguments: Mapping[str, Value],
        *,
        token: CancelToken,
        clock: Clock,
        retry: Retry | None = None,
        timeout_s: float | None = None,
        on_failure: Callable[[int, Exception], None] | None = None,
    ) -> None:
        self.is_async = is_async(fn)
        self.count = 0
        self._fn = fn
        self._arguments = arguments
        self._token = token
        self._clock = clock
        self._retry = retry
        self._timeout_s = timeout_s
        self._on_failure = on_failure or (lambda count, error: None)
        self._late = threading.Event()

    def run(self) -> Any:
        """Call a function that is not a coroutine function.

        Returns:
            What it returned.

        Raises:
            RunCancelled: The token was cancelled before an attempt, or while one ran in a process of its own.
            BaseException: Whatever the last attempt raised.
        """
        if self._retry is None:
            return self._attempt()
        attempts = self._attempts(self._retry)
        while True:
            with next(attempts) as attempt:
                return self._attempt(attempt)

    async def run_async(self) -> Any:
        """Call any function, without blocking the loop: one that is not a coroutine function runs in a thread.

        Returns:
            What it returned.

        Raises:
            RunCancelled: The token was cancelled.
            BaseException: Whatever the last attempt raised.
        """
        if self._retry is None:
            return await self._attempt_async()
        attempts = self._attempts(self._retry)
        while True:
            async with await anext(attempts) as attempt:
                return await self._attempt_async(attempt)

    def _attempts(self, policy: Retry) -> Attempts:
        return policy.begin(name_of(_plain(self._fn)), CancellableClock(policy.clock, self._token))

    def _attempt(self, attempt: Attempt | None = None) -> Any:
        self._begin()
        try:
            return self._once()
        except Exception as error:
            self._failed(error, attempt)
            raise

    async def _attempt_async(self, attempt: Attempt | None = None) -> Any:
        self._begin()
        try:
            return await (self._awaited() if self.is_async else self._in_thread())
        except Exception as error:
            self._failed(error, attempt)
            raise

    def _failed(self, error: Exception, attempt: Attempt | None) -> None:
        if attempt is not None:
            attempt.overran = self._late.is_set()
        self._on_failure(self.count, error)

    def _begin(self) -> None:
        self._token.check()
        self._late.clear()
        self.count += 1

    def _once(self) -> Any:
        arguments = self._copies()
        if self._timeout_s is not None:
            return call_in_process(self._fn, arguments, self._timeout_s, self._token, self._late)
        output = self._fn(**arguments)
        if inspect.isawaitable(output):
            if inspect.iscoroutine(output):
                output.close()
            raise ConfigurationError(
                f"{name_of(_plain(self._fn))} returned something to await; make it a coroutine function"
            )
        if inspect.isgenerator(output) or inspect.isasyncgen(output):
            raise ConfigurationError(
                f"{name_of(_plain(self._fn))} returned a generator, whose work would begin after the step has ended",
                hint="do the work in the step, and return a list or the name of a file",
            )
        return output

    async def _awaited(self) -> Any:
        async with self._token.stopping_task():
            if self._timeout_s is None:
                return await self._fn(**self._copies())
            limit = deadline(self._timeout_s, clock=self._clock)
            try:
                async with limit:
                    return await self._fn(**self._copies())
            finally:
                if limit.overrun:
                    self._late.set()

    async def _in_thread(self) -> Any:
        work = asyncio.ensure_future(asyncio.to_thread(self._once))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # A thread cannot be stopped; its process, if it has one, can. Either way nothing runs on after us.
            self._token.cancel()
            while not work.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([work])
            if not work.cancelled():
                work.exception()
            raise

    def _copies(self) -> dict[str, Any]:
        return {name: value.get() for name, value in self._arguments.items()}


def _plain(fn: Function) -> Any:
    return _plain(fn.func) if isinstance(fn, functools.partial) else fn
