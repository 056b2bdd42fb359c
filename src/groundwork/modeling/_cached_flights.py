"""One computation for all who ask for the same at once.

Rule: the first computes, the others wait; what it raises reaches all of them and is not kept. A first one that is
cancelled or interrupted has failed for itself alone: one of the others computes.
"""

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

from groundwork.errors import UsageError


class Flight:
    """A computation under way.

    Args:
        who: The task or thread that computes.

    Attributes:
        valid: False once the cache was told to forget its key: its result is handed out, but not kept.
    """

    __slots__ = ("_future", "_who", "valid")

    def __init__(self, who: object) -> None:
        self._who = who
        self._future: Future[tuple[bool, Any]] = Future()
        # From here on nobody who waits can cancel it.
        self._future.set_running_or_notify_cancel()
        self.valid = True

    def land(self, value: Any) -> None:
        """Give the result to all who wait.

        Args:
            value: The result.
        """
        self._future.set_result((True, value))

    def fail(self, error: BaseException) -> None:
        """Give the error to all who wait; or let them try for themselves, if it only ends the one who computed.

        Args:
            error: What was raised.
        """
        if isinstance(error, Exception):
            self._future.set_exception(error)
        else:
            self._future.set_result((False, None))

    def wait(self, name: str) -> tuple[bool, Any]:
        """Wait for the end, in a thread.

        Args:
            name: The function, for the message.

        Returns:
            Whether there is a result, and it.

        Raises:
            UsageError: The computation waits for itself.
            Exception: What the computation raised.
        """
        self._require_other(threading.get_ident(), name)
        return self._future.result()

    async def wait_async(self, name: str) -> tuple[bool, Any]:
        """Wait for the end, in a task of any loop; see ``wait``.

        Args:
            name: The function, for the message.
        """
        self._require_other(asyncio.current_task(), name)
        return await asyncio.wrap_future(self._future)

    def _require_other(self, who: object, name: str) -> None:
        if who == self._who:
            raise UsageError(
                f"{name} calls itself with the same arguments, and would wait for itself for ever",
                hint="let the inner call have other arguments",
            )
