"""Replacing a file so that a crash leaves the old one or the new one, whole.

Rule: write beside the target, sync, rename, sync the folder. Cost: one pass over the bytes and two syncs.
"""

import os
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, AnyStr, Generic, Literal, overload

from groundwork.errors import UsageError
from groundwork.storage._temporary import Replacement

if TYPE_CHECKING:
    from groundwork.storage._async_file import AsyncFile  # with asyncio, which takes longer to import than all of this

_MODES = ("wb", "w", "xb", "x")


class AtomicWrite(Generic[AnyStr]):
    """What ``atomic_write`` returns: good for one ``with`` or one ``async with``."""

    def __init__(self, path: str | os.PathLike[str], mode: str, durable: bool, text: dict[str, str | None]) -> None:
        self._path, self._mode, self._durable, self._text = path, mode, durable, text
        self._replacement: Replacement | None = None
        self._async_file: AsyncFile[AnyStr] | None = None

    def __enter__(self) -> IO[AnyStr]:
        if self._replacement is not None:
            raise UsageError(
                f"{self._path}: this atomic_write has been used", hint="call atomic_write once for each write"
            )
        self._replacement = Replacement(self._path, new_only=self._mode[0] == "x", durable=self._durable)
        try:
            return self._replacement.open(text="b" not in self._mode, **self._text)
        except BaseException:
            self._replacement.discard()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._replacement is None:
            return
        try:
            if kind is None:
                self._replacement.publish()
        finally:
            self._replacement.discard()

    async def __aenter__(self) -> "AsyncFile[AnyStr]":
        from groundwork.storage._async_file import AsyncFile, in_thread

        opened: list[IO[AnyStr]] = []
        try:
            await in_thread(lambda: opened.append(self.__enter__()))
        except BaseException as error:
            if opened:  # a cancellation came while the file was being made
                await in_thread(self.__exit__, type(error), error, None)
            raise
        self._async_file = AsyncFile(opened[0])
        return self._async_file

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from groundwork.storage._async_file import in_thread

        if self._async_file is None:
            return
        try:
            await self._async_file.finish(flush=kind is None)
        except BaseException as failed:
            await in_thread(self.__exit__, type(failed), failed, None)
            raise
        await in_thread(self.__exit__, kind, error, trace)


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal["wb", "xb"] = "wb", *, durable: bool = True
) -> AtomicWrite[bytes]: ...
@overload
def atomic_write(
    path: str | os.PathLike[str],
    mode: Literal["w", "x"],
    *,
    durable: bool = True,
    encoding: str | None = None,
    newline: str | None = None,
) -> AtomicWrite[str]: ...
def atomic_write(
    path: str | os.PathLike[str],
    mode: str = "wb",
    *,
    durable: bool = True,
    encoding: str | None = None,
    newline: str | None = None,
) -> AtomicWrite[Any]:
    """Open a file whose new content appears at ``path`` all at once, when the body has ended well.

    An exception in the body leaves the old file as it was and nothing beside it. A killed process leaves the old
    file and one hidden temporary file, which the next write of the same path takes away. Two writers at once: the
    later one wins, whole. Missing parent folders are made. A symbolic link is followed and stays a link; mode, owner
    and extended attributes of a replaced file are kept as far as the system allows; other hard links keep the old
    content. A body that goes on after a refused write is refused at its end.

    With ``async with`` the same work is done in a thread, and ``write``, ``writelines`` and ``flush`` are awaited. A
    cancellation waits for the call that is under way, then leaves the old file and nothing beside it; one that comes
    after the body has ended waits for the outcome, which is the old file or the new one, and then goes on.

    On Linux the new content survives a power cut once the body has ended. On macOS this asks for F_FULLFSYNC, because
    fsync there leaves bytes in the drive's cache. On Windows the bytes are synced and the rename is atomic, but the
    system decides when the name reaches the disk; a file that another program holds open cannot be replaced; modes
    and owners follow the folder.

    Args:
        path: The file to write or replace.
        mode: ``"wb"`` or ``"w"`` to replace, ``"xb"`` or ``"x"`` to fail if the file exists when the body has ended.
        durable: False skips the syncs: still never torn for other processes, but a power cut may lose it.
        encoding: Of the text modes; UTF-8 unless given.
        newline: Of the text modes, as in ``open``.

    Returns:
        For ``with``, which gives the file to write to, or for ``async with``, which gives an ``AsyncFile``.

    Raises:
        StorageError: The system refused (disk full, no permission, hardware); the old file is untouched.
        DurabilityUnknownError: The new file is visible, but the folder could not be synced.
        UsageError: The mode is none of the four, the target is not a plain file, or it exists and the mode says ``x``.
    """
    if mode not in _MODES:
        raise UsageError(f"mode {mode!r} is not offered", hint=f"use one of {', '.join(_MODES)}")
    if "b" in mode and (encoding is not None or newline is not None):
        raise UsageError(f"encoding and newline mean nothing in mode {mode!r}", hint="use mode 'w'")
    return AtomicWrite(path, mode, durable, {"encoding": encoding, "newline": newline})
