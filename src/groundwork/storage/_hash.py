"""The fingerprint of a file's content, taken as the bytes go by.

Rule: one pass. Cost: hashing runs at about 1 GB/s and lets go of the interpreter's lock, so large files are hashed in a
second thread while the first one reads or writes.
"""

import hashlib
import os
from queue import SimpleQueue
from threading import Semaphore, Thread
from types import TracebackType
from typing import Self

from groundwork.storage._faults import told_as_storage_error

_CHUNK_BYTES = 1 << 20  # small enough to be hashed while it is still in the cache
# Below this a thread costs more than it saves.
_SMALL_BYTES = 1 << 20
_WAITING_COPIES = 4


def sha256(path: str | os.PathLike[str]) -> str:
    """Compute the SHA-256 of a file.

    Args:
        path: The file.

    Returns:
        64 lower-case hexadecimal digits.

    Raises:
        StorageError: The file is missing or cannot be read.
    """
    with told_as_storage_error(path, "cannot read"), open(path, "rb") as file:
        return hash_of(file.fileno())


def hash_of(descriptor: int) -> str:
    """Compute the SHA-256 of an open file, in constant memory.

    Args:
        descriptor: The file, at its start; it stays open.

    Returns:
        64 lower-case hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    with open(descriptor, "rb", closefd=False) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Sha256Beside:
    """SHA-256 of chunks, computed beside the work on them; use it with ``with``.

    A view is memory that the caller has anyway, and must stay as it is until ``hexdigest`` has returned: any number
    of them waits. ``bytes`` are copies, so only a few of them do.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._chunks: SimpleQueue[bytes | memoryview | None] = SimpleQueue()
        self._room = Semaphore(_WAITING_COPIES)
        self._thread: Thread | None = None
        self._fault: BaseException | None = None

    def update(self, chunk: bytes | memoryview) -> None:
        """Add a chunk; returns at once unless many copies are waiting.

        Args:
            chunk: The next bytes.
        """
        if self._thread is None:
            if len(chunk) < _SMALL_BYTES:
                self._digest.update(chunk)
                return
            self._thread = Thread(target=self._run, name="groundwork-sha256", daemon=True)
            self._thread.start()
        if isinstance(chunk, bytes):
            self._room.acquire()
        self._chunks.put(chunk)

    def hexdigest(self) -> str:
        """Wait for the last chunk.

        Returns:
            64 lower-case hexadecimal digits.
        """
        self._finish()
        if self._fault is not None:
            raise self._fault
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish()

    def _finish(self) -> None:
        if self._thread is not None:
            self._chunks.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            try:
                if self._fault is None:
                    self._digest.update(chunk)
            except BaseException as fault:  # noqa: BLE001 - it is raised again where the digest is asked for
                self._fault = fault
            if isinstance(chunk, bytes):
                self._room.release()
            del chunk


def read_hashed(descriptor: int, size: int) -> tuple[memoryview, str]:
    """Read a file into one buffer, and hash it in the same pass.

    Args:
        descriptor: The open file, at its start.
        size: How many bytes are expected.

    Returns:
        The bytes, writable, fewer if the file ends early; and their SHA-256.

    Raises:
        OSError: The system could not.
    """
    import numpy as np

    # Not a bytearray: that would be filled with zeros first.
    buffer = np.empty(size, np.uint8).data
    position = 0
    with Sha256Beside() as digest, open(descriptor, "rb", buffering=0, closefd=False) as file:
        while position < size:
            got = file.readinto(buffer[position : position + _CHUNK_BYTES])
            if not got:
                break
            digest.update(buffer[position : position + got])
            position += got
        return buffer[:position], digest.hexdigest()
