"""An event loop whose time is a ``VirtualClock``.

Rule: when nothing can run, time jumps to the next timer; when there is no timer either, that is an error and no wait.
Everything that happens follows from the code and the seed: no threads, no sockets, no addresses of objects.
Cost: no real second passes; a timer is a heap entry, as in asyncio.
"""

import asyncio
import heapq
import itertools
import math
import random
import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any, NoReturn, TypeVarTuple

from groundwork._system_clock import SystemClock
from groundwork.errors import UsageError
from groundwork.testing._clock import VirtualClock
from groundwork.testing._run_virtual import Deadlocked

Ts = TypeVarTuple("Ts")

_TOLD = 8
_REFUSED = {
    "threads": "run_in_executor getaddrinfo getnameinfo",
    "sockets": "add_reader add_writer sock_accept sock_connect sock_recv sock_recv_into sock_recvfrom "
    "sock_recvfrom_into sock_sendall sock_sendfile sock_sendto sendfile start_tls create_connection create_server "
    "create_datagram_endpoint create_unix_connection create_unix_server connect_accepted_socket",
    "processes or pipes": "subprocess_exec subprocess_shell connect_read_pipe connect_write_pipe",
    "signals": "add_signal_handler",
}


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop of ``run_virtual``; made by it.

    Args:
        clock: Its time; a new one at zero if None.
        seed: As in ``run_virtual``.

    Attributes:
        clock: As given.
    """

    def __init__(self, clock: VirtualClock | None = None, *, seed: int | None = None) -> None:
        super().__init__()
        self.clock = VirtualClock() if clock is None else clock
        self._tie = None if seed is None else random.Random(seed).random
        self._order = itertools.count()
        self._numbers = itertools.count(1)
        self._timers: list[tuple[float, float, int, asyncio.TimerHandle]] = []
        self._sweep_at = 128
        # What BaseEventLoop asks for the events of each turn.
        self._selector = self

    def time(self) -> float:
        """Return the clock's time."""
        return self.clock.monotonic()

    def run_forever(self) -> None:
        """Run until stopped; what asks the system's clock meanwhile is told this loop's time."""
        with SystemClock.follows(self.clock):
            super().run_forever()

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call a function when the clock shows a time.

        Args:
            when: The time; infinity never comes.
            callback: The function.
            *args: Its arguments.
            context: The context to run it in; the current one if None.

        Returns:
            A handle that can be cancelled.

        Raises:
            UsageError: The time is not a number.
        """
        self._check_closed()  # type: ignore[attr-defined]
        if math.isnan(when):
            raise UsageError("a timer was set to nan; compute the time from finite numbers")
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if when < math.inf:
            if len(self._timers) >= self._sweep_at:
                self._sweep()
            tie = 0.0 if self._tie is None else self._tie()
            heapq.heappush(self._timers, (when, tie, next(self._order), handle))
        return handle

    def create_task(self, coro: Any, *, name: object = None, **options: Any) -> Any:
        """Start a task, numbered in this loop.

        Args:
            coro: The coroutine.
            name: Its name; ``task-3`` for the third if None.
            **options: As asyncio's.

        Returns:
            The task.
        """
        if self.get_task_factory() is not None:
            return super().create_task(coro, name=name, **options)
        self._check_closed()  # type: ignore[attr-defined]
        number = next(self._numbers)
        return _Task(number, coro, loop=self, name=str(name or f"task-{number}"), **options)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call a function in the next turn.

        Args:
            callback: The function.
            *args: Its arguments.
            context: The context to run it in; the current one if None.

        Returns:
            A handle that can be cancelled.

        Raises:
            UsageError: Another thread asks, whose moment no virtual time can tell.
        """
        owner: int | None = self._thread_id  # type: ignore[attr-defined]
        if owner not in (None, threading.get_ident()):
            _refuse("threads", "call_soon_threadsafe")
        return self.call_soon(callback, *args, context=context)

    def select(self, timeout: float | None) -> list[Any]:
        """Make the timers ready whose time has come, after a jump to the next one if nothing else can run.

        Args:
            timeout: 0 if something can run, None if not; asyncio knows of no timer here.

        Returns:
            The events of files, of which there are none.

        Raises:
            Deadlocked: Nothing can run, now or later.
        """
        while self._timers and self._timers[0][-1].cancelled():
            heapq.heappop(self._timers)
        if timeout is None:
            if not self._timers:
                raise Deadlocked(_waiting(self), hint="look for the event, future or queue that nobody will serve")
            self.clock.advance_to(self._timers[0][0])
        while self._timers and self._timers[0][0] <= self.time():
            self._ready.append(heapq.heappop(self._timers)[-1])  # type: ignore[attr-defined]
        return []

    def close(self) -> None:
        """End the loop; its timers will not fire."""
        self._timers.clear()
        super().close()

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nothing sleeps, so nothing is to be woken."""

    def _sweep(self) -> None:
        # Time limits that were kept are cancelled timers far in the future.
        self._timers = [timer for timer in self._timers if not timer[-1].cancelled()]
        heapq.heapify(self._timers)
        self._sweep_at = max(128, 2 * len(self._timers))


class _Task(asyncio.Task[Any]):
    """A task whose place in a set follows from its number, as asyncio keeps tasks in sets and walks through them."""

    def __init__(self, number: int, coro: Any, **options: Any) -> None:
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._number


def _waiting(loop: VirtualLoop) -> str:
    tasks = sorted((task for task in asyncio.all_tasks(loop)), key=lambda task: (hash(task), task.get_name()))
    told = [f"{task.get_name()} at {_place(task)}" for task in tasks[:_TOLD]]
    more = [f"{len(tasks) - _TOLD} more"] if len(tasks) > _TOLD else []
    waiting = f"; waiting for ever: {', '.join(told + more)}" if tasks else ""
    return f"nothing is ready and nothing is scheduled at {loop.time():g} s{waiting}"


def _place(task: "asyncio.Task[Any]") -> str:
    """Where a task waits and for what, as ``worker.py:12 in fetch, for Queue.get``."""
    coro: Any = task.get_coro()
    frames = []
    while (frame := getattr(coro, "cr_frame", None)) is not None:
        frames.append(frame)
        coro = coro.cr_await
    if not frames:
        return "an unknown place"
    outside = [frame for frame in frames if not frame.f_globals.get("__name__", "").startswith("asyncio.")]
    place, innermost = (outside or frames)[-1], frames[-1]
    file = place.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
    awaited = "" if place is innermost else f", for {innermost.f_code.co_qualname}"
    return f"{file}:{place.f_lineno} in {place.f_code.co_qualname}{awaited}"


def _refuse(what: str, name: str) -> NoReturn:
    raise UsageError(
        f"{name}: a virtual loop has no {what}, because no virtual time passes there",
        hint="put a fake in its place, or use asyncio.run",
    )


def _refusing(what: str, name: str) -> Callable[..., NoReturn]:
    def method(self: VirtualLoop, *args: object, **options: object) -> NoReturn:
        _refuse(what, name)

    method.__name__ = name
    method.__doc__ = f"Raise UsageError: a virtual loop has no {what}."
    return method


for _what, _names in _REFUSED.items():
    for _name in _names.split():
        setattr(VirtualLoop, _name, _refusing(_what, _name))
