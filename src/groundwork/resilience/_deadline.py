"""A limit of time that travels with the call.

Rule: whoever waits asks how much time is left; of nested limits the shortest holds.
Cost: one context variable set and reset; asynchronously also one timer of the loop.
"""

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from subprocess import TimeoutExpired
from types import CoroutineType, TracebackType
from typing import Any, ParamSpec, TypeVar

from groundwork.errors import ConfigurationError, DeadlineExceeded, first_line
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._alarm import Alarm
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._wrapping import Function, refuse_awaitable, wrapped

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")
# When time is over, and by which clock. A plain tuple, because one is made at each call of a decorated function.
_Limit = tuple[float, Callable[[], float]]

_ambient: ContextVar[_Limit | None] = ContextVar("groundwork_deadline", default=None)
# The limit around this call, or None. Bound here, because each guarded call asks: 25 ns.
ambient = _ambient.get
# What a synchronous wait raises that was given ``remaining_s()``: a socket with 0 s left does not block.
_WAITED = (TimeoutError, BlockingIOError, TimeoutExpired)


def remaining_s() -> float | None:
    """Return the seconds left until the deadline around this call, never below 0; None if there is none."""
    limit = _ambient.get()
    return None if limit is None else max(0.0, limit[0] - limit[1]())


def check_deadline() -> None:
    """Raise if the deadline around this call has passed; for loops of synchronous code.

    Raises:
        DeadlineExceeded: It has.
    """
    limit = _ambient.get()
    if limit is not None and (left_s := limit[0] - limit[1]()) <= 0:
        raise DeadlineExceeded(f"the deadline passed {-left_s:.3f} s ago", context={"over_s": -left_s})


def carry_deadline(fn: Callable[P, T]) -> Callable[P, T]:
    """Return ``fn`` bound to the deadline around this call, for a thread: ``pool.submit(carry_deadline(work), row)``.

    Asyncio's tasks and ``asyncio.to_thread`` carry it by themselves; threads and pools do not.

    Args:
        fn: A function that another thread will call.
    """
    limit = _ambient.get()

    @functools.wraps(fn)
    def carried(*args: P.args, **kwargs: P.kwargs) -> T:
        token = _ambient.set(limit)
        try:
            return fn(*args, **kwargs)
        finally:
            _ambient.reset(token)

    return carried


def deadline_header() -> dict[str, str]:
    """Return the deadline around this call as an HTTP header, which groundwork's server obeys; empty without one.

    Raises:
        DeadlineExceeded: It has passed, so the request need not be sent.
    """
    check_deadline()
    left_s = remaining_s()
    return {} if left_s is None else {"X-Request-Timeout-Ms": str(max(1, int(left_s * 1000)))}


class deadline:  # noqa: N801 - used as a verb, like contextlib.suppress
    """Bound a block, ``with deadline(5):`` or ``async with deadline(5):``; or each call, ``@deadline(5)``.

    An asynchronous block is cancelled; its cancellation by anyone else stays a ``CancelledError``. Synchronous code
    cannot be stopped from outside; there the block runs until something in it asks ``check_deadline()`` or
    ``remaining_s()``. A block that comes to its end late has still done its work, so nothing is raised then;
    ``overrun`` tells.

    Args:
        seconds: How long the block may take.
        clock: Where time comes from; the system's if None.

    Raises:
        ConfigurationError: The time is negative, endless or not a number.
        DeadlineExceeded: From the end of an asynchronous block that was cancelled, or of a synchronous one whose own
            wait (a socket's, a child process's) ran out when its time was over; from a decorated function also at once,
            if a deadline around it has passed.
    """

    __slots__ = ("_alarm", "_at_s", "_limit", "_seconds", "_token", "clock")

    def __init__(self, seconds: float, *, clock: Clock | None = None) -> None:
        arguments.number("deadline seconds", seconds)
        arguments.clock("deadline", clock)
        self._set(seconds, SystemClock() if clock is None else clock)

    @classmethod
    def of(cls, seconds: float, clock: Clock) -> "deadline":
        """Return a deadline of what was looked at before, in a tenth of the time; for this package.

        Args:
            seconds: How long.
            clock: Where time comes from.
        """
        new = cls.__new__(cls)
        new._set(seconds, clock)
        return new

    def _set(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self.clock: Clock = clock
        self._at_s: float | None = None
        self._limit: _Limit | None = None
        self._token: Token[_Limit | None] | None = None
        self._alarm: Alarm | None = None

    @property
    def overrun(self) -> bool:
        """Whether the time of this block is over, whatever holds around it."""
        if self._at_s is None:
            return False
        # A loop may ring by its resolution too early, hence the second question.
        rung = self._alarm is not None and self._alarm.rung and self._limit is None
        return rung or self._at_s <= self.clock.monotonic()

    def __enter__(self) -> "deadline":
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reset()
        if isinstance(error, _WAITED) and self.overrun:
            raise _waited(self._seconds, error) from error

    def _reset(self) -> None:
        if self._token is not None:
            _ambient.reset(self._token)
            self._token = None

    async def __aenter__(self) -> "deadline":
        left_s = self._begin()
        try:
            self._alarm = Alarm(left_s)
        except BaseException:
            self._reset()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reset()
        assert self._alarm is not None
        if self._alarm.stop(error):
            raise _cancelled(self._seconds, around=self._limit is not None) from error

    def _begin(self) -> float:
        """Set the limit of what follows, and return how many seconds it leaves."""
        if self._token is not None:
            raise ConfigurationError("one deadline bounds one block at a time; make another for the block inside")
        monotonic = self.clock.monotonic
        self._alarm = None
        self._at_s = monotonic() + self._seconds
        self._limit, left_s = _shorter(self._seconds)
        self._token = _ambient.set(self._limit or (self._at_s, monotonic))
        return left_s

    def __call__(self, fn: F) -> F:
        """Return ``fn`` with this much time for each call; its signature, its type and its kind stay.

        Args:
            fn: A function, coroutine function or method.
        """
        return wrapped(fn, self.around, "a deadline")

    def around(self, fn: Function, asynchronous: bool) -> Function:
        """Return what calls ``fn`` with this much time.

        Args:
            fn: The function.
            asynchronous: Whether it is a coroutine function.
        """
        seconds, monotonic = self._seconds, self.clock.monotonic
        put, reset = _ambient.set, _ambient.reset

        def call(*args: Any, **kwargs: Any) -> Any:
            limit = None if ambient() is None else _shorter(seconds)[0]
            if limit is not None:
                check_deadline()
            token = put(limit or (monotonic() + seconds, monotonic))
            try:
                result = fn(*args, **kwargs)
            except _WAITED as error:
                if remaining_s() == 0:
                    raise _waited(seconds, error) from error
                raise
            finally:
                reset(token)
            if type(result) is CoroutineType:
                refuse_awaitable(fn, result)
            return result

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            limit, left_s = _shorter(seconds)
            if limit is not None:
                check_deadline()
            alarm = Alarm(left_s)
            token = put(limit or (monotonic() + seconds, monotonic))
            try:
                result = await fn(*args, **kwargs)
            except BaseException as error:
                if alarm.stop(error):
                    raise _cancelled(seconds, around=limit is not None) from error
                raise
            else:
                alarm.stop(None)
                return result
            finally:
                reset(token)

        return call_async if asynchronous else call


def _shorter(seconds: float) -> tuple[_Limit | None, float]:
    """Return the limit around this call if it ends before these seconds, and how many seconds hold."""
    outer = _ambient.get()
    if outer is not None and (left_s := outer[0] - outer[1]()) <= seconds:
        return outer, max(0.0, left_s)
    return None, seconds


def _waited(seconds: float, error: BaseException) -> DeadlineExceeded:
    told = f"{type(error).__name__}: {first_line(error)}"
    return DeadlineExceeded(f"the time of {seconds:g} s was over: {told}", context={"seconds": seconds})


def _cancelled(seconds: float, *, around: bool) -> DeadlineExceeded:
    if around:
        return DeadlineExceeded("cancelled when the time of the deadline around it was over")
    return DeadlineExceeded(f"cancelled after {seconds:g} s, when its time was over", context={"seconds": seconds})
