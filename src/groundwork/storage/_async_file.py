"""A file whose writes are awaited.

Rule: a thread does the work, so the event loop never waits for the disk; whoever awaits it, even cancelled, goes on
only when the thread has ended. Cost: small writes are collected, so a thread is asked once for every 256 KiB.
"""

import asyncio
import io
from collections.abc import Callable, Iterable
from functools import partial
from typing import IO, Any, AnyStr, Generic, TypeVar

from groundwork.errors import UsageError

_COLLECTED = 256 * 1024

T = TypeVar("T")


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function in a thread, and wait for its end whatever happens.

    Args:
        function: What to call.
        *arguments: What to call it with.

    Returns:
        What the function returned.

    Raises:
        CancelledError: The caller was cancelled meanwhile; the function has ended all the same.
    """
    future = asyncio.get_running_loop().run_in_executor(None, partial(function, *arguments))
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            # Not the future itself: to cancel that would not stop the thread, only hide it.
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from future.exception()
    return future.result()


class AsyncFile(Generic[AnyStr]):
    """What ``async with atomic_write(...)`` gives; writes of several tasks follow one another in the order of calls.

    Args:
        file: The file to write to.
    """

    def __init__(self, file: IO[AnyStr]) -> None:
        self._file: IO[AnyStr] = file
        self._text = isinstance(file, io.TextIOBase)
        self._pieces: list[Any] = []
        self._size = 0
        self._turn = asyncio.Lock()
        self._ended = False
        self._failure: BaseException | None = None

    async def write(self, data: AnyStr) -> int:
        """Write; an error may show at a later call, at the latest at the end of the body.

        Args:
            data: bytes, or str in the text modes.

        Returns:
            The number of bytes, or of characters.

        Raises:
            StorageError: The system refused.
            UsageError: The body has ended.
            TypeError: Bytes for a text file, or str for a binary one.
        """
        piece, size = self._piece(data)
        async with self._turn:
            self._check()
            self._pieces.append(piece)
            self._size += size
            if self._size >= _COLLECTED:
                await in_thread(self._drain)
        return size

    async def writelines(self, lines: Iterable[AnyStr]) -> None:
        """Write one after another; no line ends are added.

        Args:
            lines: What ``write`` takes.

        Raises:
            StorageError: The system refused.
            UsageError: The body has ended.
            TypeError: Bytes for a text file, or str for a binary one.
        """
        for line in lines:
            await self.write(line)

    async def flush(self) -> None:
        """Hand everything written so far to the system; nothing is visible at the path yet.

        Raises:
            StorageError: The system refused.
            UsageError: The body has ended.
        """
        async with self._turn:
            self._check()
            await in_thread(self._drain, True)

    async def finish(self, *, flush: bool) -> None:
        """Refuse further writes, and wait for those under way.

        Args:
            flush: Write what is collected.

        Raises:
            StorageError: The system refused this or an earlier write.
            CancelledError: The caller was cancelled; no write is under way.
        """
        self._ended = True
        cancelled: asyncio.CancelledError | None = None
        while True:
            try:
                async with self._turn:
                    if flush and cancelled is None:
                        if self._failure is not None:
                            raise self._failure
                        await in_thread(self._drain)
                break
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    def _piece(self, data: Any) -> tuple[Any, int]:
        if self._text:
            if not isinstance(data, str):
                raise TypeError(f"write() takes str in the text modes, not {type(data).__name__}")
            return data, len(data)
        view = memoryview(data)
        # What is only collected is written later, when the caller may have changed it.
        return (view if view.nbytes >= _COLLECTED else bytes(view)), view.nbytes

    def _check(self) -> None:
        if self._ended:
            raise UsageError("the body of atomic_write has ended", hint="await every write inside it")

    def _drain(self, flush: bool = False) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        try:
            self._file.writelines(pieces)
            if flush:
                self._file.flush()
        except BaseException as error:
            # Pieces are lost: whoever catches this must not publish the rest.
            self._failure = error
            raise
