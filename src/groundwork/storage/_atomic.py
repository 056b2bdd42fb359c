"""Replacing a file so that a crash leaves the old one or the new one, whole.

Rule: write beside the target, sync, rename, sync the folder. Cost: one pass over the bytes and two syncs.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, Literal, overload

from groundwork.errors import UsageError
from groundwork.storage._temporary import Replacement

_MODES = ("wb", "w", "xb", "x")


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal["wb", "xb"] = "wb", *, durable: bool = True
) -> AbstractContextManager[IO[bytes]]: ...
@overload
def atomic_write(
    path: str | os.PathLike[str],
    mode: Literal["w", "x"],
    *,
    durable: bool = True,
    encoding: str | None = None,
    newline: str | None = None,
) -> AbstractContextManager[IO[str]]: ...
@contextmanager
def atomic_write(
    path: str | os.PathLike[str],
    mode: str = "wb",
    *,
    durable: bool = True,
    encoding: str | None = None,
    newline: str | None = None,
) -> Iterator[IO[Any]]:
    """Open a file whose new content appears at ``path`` all at once, when the body has ended well.

    An exception in the body leaves the old file as it was and nothing beside it. A killed process leaves the old
    file and one hidden temporary file, which the next write of the same path takes away. Two writers at once: the
    later one wins, whole. Missing parent folders are made. A symbolic link is followed and stays a link; mode, owner
    and extended attributes of a replaced file are kept as far as the system allows; other hard links keep the old
    content.

    On Linux the new content survives a power cut once the body has ended. On macOS this asks for F_FULLFSYNC. On
    Windows the bytes are synced and the rename is atomic, but the system decides when the name reaches the disk.

    Args:
        path: The file to write or replace.
        mode: ``"wb"`` or ``"w"`` to replace, ``"xb"`` or ``"x"`` to fail if the file exists when the body has ended.
        durable: False skips the syncs: still never torn for other processes, but a power cut may lose it.
        encoding: Of the text modes; UTF-8 unless given.
        newline: Of the text modes, as in ``open``.

    Yields:
        The file to write to.

    Raises:
        StorageError: The system refused (disk full, no permission, hardware); the old file is untouched.
        DurabilityUnknownError: The new file is visible, but the folder could not be synced.
        UsageError: The mode is none of the four, the target is not a plain file, or it exists and the mode says ``x``.
    """
    if mode not in _MODES:
        raise UsageError(f"mode {mode!r} is not offered", hint=f"use one of {', '.join(_MODES)}")
    if "b" in mode and (encoding is not None or newline is not None):
        raise UsageError(f"encoding and newline mean nothing in mode {mode!r}", hint="use mode 'w'")
    replacement = Replacement(path, new_only=mode.startswith("x"), durable=durable)
    try:
        yield replacement.open(text="b" not in mode, encoding=encoding, newline=newline)
        replacement.publish()
    except BaseException:
        replacement.discard()
        raise
