"""No more than so many calls at once.

Rule: who came first is served first; a slot that comes free goes straight to the one who waits longest, so no newcomer
takes it. What waits and gives up leaves no trace.
Cost: one lock, held for a few instructions, at the beginning and at the end of a call.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from types import CoroutineType, TracebackType
from typing import Any, ParamSpec, TypeVar

from groundwork.errors import DeadlineExceeded, Overloaded
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._bulkhead_hooks import BulkheadHook, BulkheadRefusal
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._deadline import ambient, check_deadline, remaining_s
from groundwork.resilience._pace import Pace
from groundwork.resilience._retry_hooks import tell
from groundwork.resilience._waiters import TaskWaiter, ThreadWaiter, Waiter
from groundwork.resilience._wrapping import Function, is_async, refuse_awaitable, wrapped

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")
W = TypeVar("W", bound=Waiter)


class Bulkhead:
    """Lets so many calls run at once, and so many more wait: ``with``, ``async with``, a decorator, or ``call``.

    One bulkhead serves threads and tasks of any event loop together. It is not reentrant: a call that holds a slot
    and asks for another may wait for itself.

    Args:
        limit: Calls that may run at once, at least 1.
        queue: Calls that may wait for a slot; each at most as long as the deadline around it leaves. A thread waits
            in the system's time.
        name: What it guards, for messages.
        hook: Told of each refusal.
        clock: Where the time comes from by which it learns how fast slots come free.

    Raises:
        ConfigurationError: The numbers make no sense.
        Overloaded: From a call, at once, when the slots are taken and the queue is full; ``retry_after_s`` says when
            there is probably room.
        DeadlineExceeded: From a call, when its deadline passed while it waited; it was not begun.
    """

    def __init__(
        self,
        limit: int,
        queue: int = 0,
        *,
        name: str = "bulkhead",
        hook: BulkheadHook | None = None,
        clock: Clock | None = None,
    ) -> None:
        arguments.count("bulkhead limit", limit)
        arguments.count("bulkhead queue", queue, least=0)
        arguments.kind("bulkhead name", name, str, optional=False)
        arguments.listener("bulkhead", hook)
        arguments.clock("bulkhead", clock)
        self.name = name
        self._limit = limit
        self._queue = queue
        self._hook = hook
        self._lock = threading.Lock()
        # Waiters exist only while no slot is free, since a slot that comes free is handed to the first of them.
        self._free = limit
        self._waiters: deque[Waiter] = deque()
        self._pace = Pace((SystemClock() if clock is None else clock).monotonic)

    @property
    def running(self) -> int:
        """How many calls hold a slot now."""
        return self._limit - self._free

    @property
    def waiting(self) -> int:
        """How many calls wait for a slot now."""
        return len(self._waiters)

    def take(self) -> ThreadWaiter | None:
        """Take a slot; or return a place in the queue, for ``wait``. For this package."""
        return self._take(ThreadWaiter)

    def take_async(self) -> TaskWaiter | None:
        """Take a slot; or return a place in the queue, for ``wait_async``. For this package."""
        return self._take(TaskWaiter)

    def wait(self, waiter: ThreadWaiter) -> None:
        """Wait until a slot comes free, or raise; for this package.

        Args:
            waiter: The place in the queue.
        """
        try:
            waiter.wait(remaining_s())
        except BaseException:
            self._abandon(waiter)
            raise
        self._claim(waiter)

    async def wait_async(self, waiter: TaskWaiter) -> None:
        """Wait until a slot comes free, or raise; for this package.

        Args:
            waiter: The place in the queue.
        """
        try:
            await asyncio.wait((waiter.future,), timeout=remaining_s())
        except BaseException:
            self._abandon(waiter)
            raise
        self._claim(waiter)

    def leave(self) -> None:
        """Give the slot back, to whoever waits longest; for this package."""
        with self._lock:
            if self._free:
                self._free += 1
                return
            self._pace.count()
            while self._waiters:
                if self._waiters.popleft().grant():
                    return
            self._free = 1
            self._pace.end()

    def __enter__(self) -> "Bulkhead":
        if ambient() is not None:
            check_deadline()
        waiter = self.take()
        if waiter is not None:
            self.wait(waiter)
        return self

    async def __aenter__(self) -> "Bulkhead":
        if ambient() is not None:
            check_deadline()
        waiter = self.take_async()
        if waiter is not None:
            await self.wait_async(waiter)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    def __call__(self, fn: F) -> F:
        """Return ``fn`` behind this bulkhead; its signature, its type and its kind stay.

        Args:
            fn: A function, coroutine function or method.
        """
        return wrapped(fn, self.around, "a bulkhead")

    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` behind this bulkhead.

        Args:
            fn: A function, or a coroutine function, whose result is then awaited as if it were called directly.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            What ``fn`` returns.
        """
        return self.around(fn, is_async(fn, "a bulkhead"))(*args, **kwargs)  # type: ignore[no-any-return]

    def around(self, fn: Function, asynchronous: bool, *, looks: bool = True) -> Function:
        """Return what calls ``fn`` in a slot of this bulkhead.

        Args:
            fn: The function.
            asynchronous: Whether it is a coroutine function.
            looks: Whether it asks at each call if the deadline around it has passed.
        """
        take, leave = self._take, self.leave

        def call(*args: Any, **kwargs: Any) -> Any:
            if looks and ambient() is not None:
                check_deadline()
            waiter = take(ThreadWaiter)
            if waiter is not None:
                self.wait(waiter)
            try:
                result = fn(*args, **kwargs)
            finally:
                leave()
            if type(result) is CoroutineType:
                refuse_awaitable(fn, result)
            return result

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            if looks and ambient() is not None:
                check_deadline()
            waiter = take(TaskWaiter)
            if waiter is not None:
                await self.wait_async(waiter)
            try:
                return await fn(*args, **kwargs)
            finally:
                leave()

        return call_async if asynchronous else call

    def _take(self, make_waiter: Callable[[], W]) -> W | None:
        """Take a slot and return None, or a place in the queue and return that."""
        with self._lock:
            if self._free:
                self._free -= 1
                if not self._free:
                    self._pace.begin()
                return None
            waiting = len(self._waiters)
            if waiting < self._queue:
                waiter = make_waiter()
                self._waiters.append(waiter)
                return waiter
            seconds = self._pace.seconds_a_slot()
        raise self._refusal(waiting, None if seconds is None else seconds * (waiting + 1))

    def _claim(self, waiter: Waiter) -> None:
        with self._lock:
            if waiter.granted:
                return
            self._waiters.remove(waiter)
        raise self._late()

    def _abandon(self, waiter: Waiter) -> None:
        """Leave the queue; or, where a slot was handed over at the same instant, pass it on."""
        with self._lock:
            if not waiter.granted:
                # It may be gone already, if its loop was closed.
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                return
        self.leave()

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"{self.name}: no slot came free before the deadline; {self._limit} calls run",
            context={"name": self.name, "limit": self._limit},
        )

    def _refusal(self, waiting: int, retry_after_s: float | None) -> Overloaded:
        tell(self._hook, BulkheadRefusal(self.name, self._limit, waiting, retry_after_s))
        return Overloaded(
            f"{self.name}: {self._limit} calls run and {waiting} wait, which is all that may",
            retry_after_s=retry_after_s,
            hint="call later or less often; or raise the limit, if what is behind it can bear more",
            context={"name": self.name, "limit": self._limit, "waiting": waiting},
        )
