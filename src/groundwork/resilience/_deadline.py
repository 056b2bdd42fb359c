"""A limit of time that travels with the call.

Rule: whoever waits asks how much time is left; of nested limits the shortest holds.
Cost: one context variable set and reset; asynchronously also one timer of the loop.
"""

import asyncio
from contextvars import ContextVar, Token
from types import TracebackType
from typing import NamedTuple

from groundwork.errors import ConfigurationError, DeadlineExceeded
from groundwork.resilience._clock import Clock, SystemClock


class _Limit(NamedTuple):
    at_s: float
    clock: Clock

    def left_s(self) -> float:
        return self.at_s - self.clock.monotonic()


_ambient: ContextVar[_Limit | None] = ContextVar("groundwork_deadline", default=None)


def remaining_s() -> float | None:
    """Return the seconds left until the deadline around this call, never below 0; None if there is none."""
    limit = _ambient.get()
    return None if limit is None else max(0.0, limit.left_s())


def check_deadline() -> None:
    """Raise if the deadline around this call has passed; for loops of synchronous code.

    Raises:
        DeadlineExceeded: It has.
    """
    limit = _ambient.get()
    if limit is not None and (left_s := limit.left_s()) <= 0:
        raise DeadlineExceeded(f"the deadline passed {-left_s:.3f} s ago", context={"over_s": -left_s})


class deadline:  # noqa: N801 - used as a verb, like contextlib.suppress
    """Bound a block: ``with deadline(5):`` or ``async with deadline(5):``.

    Synchronous code cannot be stopped from outside; there the block runs until something in it asks
    ``check_deadline()`` or ``remaining_s()``. An asynchronous block is cancelled; its cancellation by anyone else
    stays a ``CancelledError``.

    Args:
        seconds: How long the block may take.
        clock: Where time comes from; the system's if None.

    Raises:
        ConfigurationError: The time is negative or not a number.
        DeadlineExceeded: From the end of an asynchronous block that was cancelled.
    """

    def __init__(self, seconds: float, *, clock: Clock | None = None) -> None:
        if not seconds >= 0:
            raise ConfigurationError(f"a deadline of {seconds} s cannot be kept; give 0 or more seconds")
        self._seconds = seconds
        self._clock: Clock = clock or SystemClock()
        self._own: _Limit | None = None
        self._token: Token[_Limit | None] | None = None
        self._timeout: asyncio.Timeout | None = None

    @property
    def overrun(self) -> bool:
        """Whether the time of this block is over, whatever holds around it."""
        # A loop may fire a timer by its resolution too early, hence the second question.
        over = self._own is not None and self._own.left_s() <= 0
        return over or (self._timeout is not None and self._timeout.expired())

    def __enter__(self) -> "deadline":
        outer = _ambient.get()
        self._own = _Limit(self._clock.monotonic() + self._seconds, self._clock)
        shorter = outer is not None and outer.left_s() <= self._seconds
        self._token = _ambient.set(outer if shorter else self._own)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            _ambient.reset(self._token)
            self._token = None

    async def __aenter__(self) -> "deadline":
        self.__enter__()
        self._timeout = asyncio.timeout(self._seconds)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)
        assert self._timeout is not None
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError as timeout:
            message = f"cancelled after {self._seconds:g} s, when its time was over"
            raise DeadlineExceeded(message, context={"seconds": self._seconds}) from timeout
