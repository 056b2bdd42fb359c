"""Those who wait for a slot: threads and tasks in one queue.

Rule: whether a slot was handed over is one flag, read and written under the lock of whoever hands out slots; so a
waiter that gives up at the same instant knows that it holds one, and passes it on.
"""

import asyncio
import threading
from typing import Protocol

from groundwork.errors import UsageError


class Waiter(Protocol):
    """Somebody in the queue.

    Attributes:
        granted: Whether a slot was handed over.
    """

    granted: bool

    def grant(self) -> bool:
        """Hand over a slot and wake the waiter.

        Returns:
            Whether there is still someone to take it.
        """
        ...


class ThreadWaiter:
    """A thread that blocks.

    Raises:
        UsageError: It is the thread of a running event loop, which would never get to give a slot back.
    """

    __slots__ = ("_woken", "granted")

    def __init__(self) -> None:
        if _in_loop():
            raise UsageError(
                "waiting for a slot here would block the event loop",
                hint="write `async with` or decorate an async function",
            )
        self.granted = False
        self._woken = threading.Event()

    def wait(self, seconds: float | None) -> None:
        """Block until granted, or for so long.

        Args:
            seconds: At most; None for as long as it takes.
        """
        self._woken.wait(seconds)

    def grant(self) -> bool:
        """Hand over a slot; see ``Waiter``."""
        self.granted = True
        self._woken.set()
        return True


class TaskWaiter:
    """A task of the running event loop.

    Attributes:
        future: Done once a slot was handed over.
    """

    __slots__ = ("_loop", "_thread", "future", "granted")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self.future: asyncio.Future[None] = self._loop.create_future()
        self.granted = False

    def grant(self) -> bool:
        """Hand over a slot; see ``Waiter``. A task whose loop was closed takes none."""
        try:
            if threading.get_ident() == self._thread:
                self._wake()
            else:
                self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            return False
        self.granted = True
        return True

    def _wake(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
