"""Notices that a client left while its request waits.

Rule: the request of a client that left is cancelled where it waits, so it never reaches the model. Looking costs a
task, so it begins only when a request has waited a while: a short queue is emptied sooner than anyone could leave it.
"""

import asyncio
from types import TracebackType
from typing import Self

from groundwork.serving._wire import ClientGone, Receive


class ClientWatch:
    """A ``with`` block that ends with ``ClientGone`` when the client leaves.

    Args:
        receive: The request's, its body read.
        after_s: How long the block may last before looking begins.
    """

    __slots__ = ("_after_s", "_gone", "_receive", "_task", "_timer", "_watcher")

    def __init__(self, receive: Receive, after_s: float) -> None:
        self._receive = receive
        self._after_s = after_s
        self._gone = False
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._after_s, self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._timer is not None
        assert self._task is not None
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._gone and isinstance(error, asyncio.CancelledError) and self._task.uncancel() == 0:
            raise ClientGone from None

    def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        assert self._task is not None
        self._gone = True
        self._task.cancel()
