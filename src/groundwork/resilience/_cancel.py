"""A wish to end a run, which reaches whatever can be stopped.

Rule: cancelling is for good and never blocks; what cannot be stopped is not begun any more.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator

from groundwork.resilience._clock import Clock

# How long a blocking sleep goes on after someone has asked.
_LOOK_S = 0.25


class RunCancelled(BaseException):
    """The run was asked to end; like ``asyncio.CancelledError`` no ``Exception``, so that no policy retries it."""


class CancelToken:
    """Carries the wish from any thread to the work."""

    def __init__(self) -> None:
        # A signal handler may cancel in the middle of our own work in this thread.
        self._lock = threading.RLock()
        self._stops: list[Callable[[], object]] = []
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether someone has asked."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask; may be called often, from any thread or signal handler."""
        with self._lock:
            self._cancelled = True
            stops = list(self._stops)
        for stop in stops:
            stop()

    def check(self) -> None:
        """Raise if someone has asked.

        Raises:
            RunCancelled: Someone has.
        """
        if self._cancelled:
            raise RunCancelled

    @contextlib.contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Let ``cancel`` call ``stop`` while the block runs; at once, if it was called before.

        Args:
            stop: Called in the thread that cancels; must not block.
        """
        with self._lock:
            self._stops.append(stop)
            late = self._cancelled
        try:
            if late:
                stop()
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)

    @contextlib.asynccontextmanager
    async def stopping_task(self) -> AsyncIterator[None]:
        """Let ``cancel`` cancel the block within its task; a cancellation by anyone else stays what it is.

        Raises:
            RunCancelled: From the end of a block that was cancelled by this token.
        """
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        ours = _TaskStop(task)
        try:
            with self.stopping(lambda: loop.call_soon_threadsafe(ours.stop)):
                yield
        except asyncio.CancelledError:
            if ours.undone():
                raise RunCancelled from None
            raise
        except BaseException:
            ours.undone()
            raise
        else:
            ours.undone()
        finally:
            ours.over = True


class CancellableClock:
    """A clock whose sleeps end when the token is cancelled.

    Args:
        clock: What sleeps.
        token: What may end the sleep.
    """

    def __init__(self, clock: Clock, token: CancelToken) -> None:
        self._clock = clock
        self._token = token

    def monotonic(self) -> float:
        """Return the time of the clock."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread.

        Args:
            seconds: How long.

        Raises:
            RunCancelled: Someone has asked.
        """
        # No clock can be woken, and a lock to wait for could be held by the very thread whose signal handler cancels.
        while seconds > 0:
            self._token.check()
            self._clock.sleep(min(seconds, _LOOK_S))
            seconds -= _LOOK_S
        self._token.check()

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the calling task.

        Args:
            seconds: How long.

        Raises:
            RunCancelled: Someone has asked.
        """
        async with self._token.stopping_task():
            await self._clock.sleep_async(seconds)


class _TaskStop:
    """Cancels a task once, unless the block that it is meant for is over."""

    def __init__(self, task: "asyncio.Task[object]") -> None:
        self.over = False
        self._task = task
        self._before = task.cancelling()
        self._asked = False

    def stop(self) -> None:
        if not self.over:
            self._asked = True
            self._task.cancel()

    def undone(self) -> bool:
        """Take our cancellation back; whether there was no other beside it."""
        return self._asked and self._task.uncancel() <= self._before
