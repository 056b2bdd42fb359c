"""A circuit breaker: stop calling what keeps failing, and find out by a few calls when it is back.

Rule: what is counted is what the other side did. Cancellation, Ctrl-C and exit say nothing of it.
"""

import asyncio
import functools
import math
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from groundwork.errors import ConfigurationError
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._breaker_blocks import innermost, misplaced, set_innermost
from groundwork.resilience._breaker_calls import guarded
from groundwork.resilience._breaker_hooks import BreakerHook, BreakerSnapshot
from groundwork.resilience._breaker_limits import Limits
from groundwork.resilience._breaker_states import BreakerEvent, BreakerState
from groundwork.resilience._circuit import Circuit, Ticket
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._deadline import ambient, check_deadline, remaining_s
from groundwork.resilience._on import On, is_meant, kinds_of
from groundwork.resilience._window import FAILED, SLOW, CountWindow, TimeWindow
from groundwork.resilience._wrapping import decorable

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")

# A loop fires its timers by so much too early at most, where its clock is coarse.
_EARLY_S = 0.02


class CircuitBreaker:
    """Refuses calls to what keeps failing: ``with breaker:``, ``async with breaker:``, ``@breaker``, ``breaker.call``.

    Closed, it lets all calls through, and looks back over a window when one fails: if ``failure_rate`` of at least
    ``minimum_calls`` failed, it opens. Open, it refuses at once with ``CircuitOpen``. After ``cooldown_s`` the next
    call makes it half-open: at most ``probes`` calls go through; when that many have succeeded it closes, and when one
    fails it opens again. A probe that is cancelled, or has not ended after ``probe_timeout_s``, frees its slot. A
    result counts only in the period in which its call began.

    A breaker may serve many calls, threads and tasks at once; its lock is not held while they run. A block should be
    left in the context in which it was entered; where a framework does not, the result counts for the present period.

    Args:
        name: For messages and hooks; say what is called.
        window: What it looks back on: ``CountWindow``, or an int for that many calls; or ``TimeWindow``, seconds.
        failure_rate: Share of failed calls at which it opens, above 0 and at most 1.
        minimum_calls: Calls that the window must hold to be judged; 10 if None, or the window's size if that is less.
        slow_call_s: A call that takes as long is slow, even though it succeeds; None for no limit.
        slow_rate: Share of slow calls at which it opens; None to count them as failures.
        cooldown_s: Seconds from when it opens until a probe.
        probes: Calls at most that a half-open breaker lets through, and successes that close it.
        probe_timeout_s: Seconds after which a probe that has not ended gives up its slot; as ``cooldown_s`` if None.
        on: Exceptions that are failures: types, or a function that says of an exception whether it is. Another
            exception is an answer, and counts as success.
        hook: Told of each change of state.
        clock: Where time comes from; the system's if None.

    Attributes:
        name: As given.
        circuit: The machine inside; for this package.
        settle: Takes the result of a call; for this package.
        slow_s: What is slow; for this package.
        timer: Reads the clock, if slow calls are looked for; for this package.

    Raises:
        ConfigurationError: A value that cannot work.
        CircuitOpen: From a call or a block that is refused; the block does not run.

    Source:
        Nygard, "Release It!", 2007; the failure-rate window and the capped probes as in resilience4j and Polly 8.
    """

    __slots__ = ("__weakref__", "_kinds", "_on", "circuit", "name", "slow_s", "timer")

    def __init__(
        self,
        name: str,
        *,
        window: CountWindow | TimeWindow | int = CountWindow(),  # noqa: B008 - frozen
        failure_rate: float = 0.5,
        minimum_calls: int | None = None,
        slow_call_s: float | None = None,
        slow_rate: float | None = None,
        cooldown_s: float = 30.0,
        probes: int = 1,
        probe_timeout_s: float | None = None,
        on: On = Exception,
        hook: BreakerHook | None = None,
        clock: Clock | None = None,
    ) -> None:
        arguments.kind("breaker name", name, str, optional=False)
        arguments.listener("breaker", hook)
        arguments.clock("breaker", clock)
        window = _window(window)
        if minimum_calls is None:
            minimum_calls = min(10, window.size) if isinstance(window, CountWindow) else 10
        clock = SystemClock() if clock is None else clock
        limits = Limits(
            window,
            failure_rate,
            minimum_calls,
            slow_call_s,
            slow_rate,
            cooldown_s,
            probes,
            cooldown_s if probe_timeout_s is None else probe_timeout_s,
        )
        self.name = name
        self.circuit = Circuit(name, limits, hook, clock)
        self.timer = None if slow_call_s is None else clock.monotonic
        self.slow_s = math.inf if slow_call_s is None else slow_call_s
        self._on, self._kinds = on, kinds_of(on, "breaker")

    def __repr__(self) -> str:
        return f"CircuitBreaker({self.name!r}, {self.state.value})"

    @property
    def state(self) -> BreakerState:
        """The state; an open breaker stays so until somebody calls after the cooldown."""
        return self.circuit.state

    def snapshot(self) -> BreakerSnapshot:
        """Return state, counts and what else can be said at this instant."""
        return self.circuit.snapshot()

    def force_open(self) -> None:
        """Refuse all calls until ``reset`` or ``force_closed``."""
        self.circuit.happen(BreakerEvent.FORCE_OPEN)

    def force_closed(self) -> None:
        """Let all calls through, whatever comes of them, until ``reset`` or ``force_open``."""
        self.circuit.happen(BreakerEvent.FORCE_CLOSED)

    def reset(self) -> None:
        """Close, with an empty window."""
        self.circuit.happen(BreakerEvent.RESET)

    def __call__(self, fn: F) -> F:
        """Return ``fn`` behind this breaker; its signature, its type and its kind (sync or async) stay.

        Of a generator function, what happens until its first item is the call.

        Args:
            fn: A function, coroutine function, generator function or method; also a classmethod or staticmethod.

        Raises:
            CircuitOpen: From the returned function, when it is refused.
        """
        if isinstance(fn, classmethod | staticmethod):
            return cast("F", type(fn)(self(fn.__func__)))
        plain = decorable(fn, "a breaker")
        return cast("F", functools.wraps(plain)(guarded(self, plain)))

    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` behind this breaker.

        Args:
            fn: A function, or a coroutine function, whose result is then awaited as if it were called directly.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            What ``fn`` returns.

        Raises:
            CircuitOpen: The call is refused.
        """
        return cast("T", guarded(self, fn)(*args, **kwargs))

    def __enter__(self) -> "CircuitBreaker":
        if ambient() is not None:
            check_deadline()
        ticket = self.circuit.counting or self.circuit.admit()
        set_innermost((self, ticket, 0.0 if self.timer is None else self.timer(), innermost()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        entry = innermost()
        if entry is not None and entry[0] is self:
            set_innermost(entry[3])
        elif (entry := misplaced(self, entry)) is None:
            return
        if error is None and (self.timer is None or self.timer() - entry[2] < self.slow_s):
            entry[1].succeed()
        else:
            self.settle(entry[1], error, entry[2])

    async def __aenter__(self) -> "CircuitBreaker":
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def settle(self, ticket: Ticket, error: BaseException | None, start_s: float) -> None:
        """Take what came of a call.

        Args:
            ticket: The call's.
            error: What it raised, or None.
            start_s: When it began, if slow calls are looked for.
        """
        try:
            outcome = self._outcome(error, start_s)
        except BaseException:
            # The caller's own function that judges exceptions has failed, which says nothing.
            self.circuit.lost(ticket)
            raise
        if outcome is None:
            self.circuit.lost(ticket)
        elif outcome:
            self.circuit.failed(ticket, outcome, error)
        else:
            ticket.succeed()

    def _outcome(self, error: BaseException | None, start_s: float) -> str | None:
        """Return FAILED or SLOW, "" for success, or None if there is nothing to count."""
        if isinstance(error, Exception):
            if is_meant(error, self._on, self._kinds):
                return FAILED
        elif error is not None:
            return FAILED if isinstance(error, asyncio.CancelledError) and _out_of_time() else None
        return SLOW if self.timer is not None and self.timer() - start_s >= self.slow_s else ""


def _out_of_time() -> bool:
    """Whether a cancellation comes of the deadline around the call, so that the call did take too long."""
    left_s = remaining_s()
    return left_s is not None and left_s <= _EARLY_S


def _window(window: CountWindow | TimeWindow | int) -> CountWindow | TimeWindow:
    if isinstance(window, CountWindow | TimeWindow):
        return window
    if isinstance(window, float):
        raise ConfigurationError(
            f"breaker window={window} is no number of calls; write TimeWindow({window:g}) for seconds"
        )
    return CountWindow(window)
