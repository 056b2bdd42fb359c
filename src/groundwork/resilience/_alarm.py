"""A timer that cancels the task which set it.

Rule: only the alarm's own cancellation is taken back; that by anyone else goes through.
A third cheaper than ``asyncio.timeout``, which is built for more; one is set at each call under a deadline.
"""

import asyncio

from groundwork.errors import UsageError


class Alarm:
    """Rings once, unless stopped before.

    Args:
        seconds: When, from now, in the time of the running loop.

    Attributes:
        rung: Whether it has.
    """

    __slots__ = ("_cancelling", "_handle", "_task", "rung")

    def __init__(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise UsageError("an asynchronous deadline cancels its task, and here is none", hint="await it in a task")
        self.rung = False
        self._task = task
        self._cancelling = task.cancelling()
        self._handle = loop.call_at(loop.time() + seconds, self._ring)

    def _ring(self) -> None:
        self.rung = True
        self._task.cancel()

    def stop(self, error: BaseException | None) -> bool:
        """End the guarded block.

        Args:
            error: What it ended with.

        Returns:
            Whether that is this alarm's doing, and nobody else's.
        """
        if not self.rung:
            self._handle.cancel()
            return False
        mine = self._task.uncancel() <= self._cancelling
        return mine and isinstance(error, asyncio.CancelledError)
