"""One set-up of an environment at a time.

Rule: the operating system holds the lock and drops it when its process dies, so a killed set-up never blocks the next.
On POSIX the installer inherits the lock: should it outlive a killed set-up, the next one waits for it.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.1


@contextmanager
def exclusive(path: Path, *, waiting: Callable[[], None]) -> Iterator[int]:
    """Hold the lock of a file; wait for whoever has it.

    Args:
        path: The lock file; created, never deleted.
        waiting: Called once if another process holds the lock.

    Yields:
        The descriptor that carries the lock. A program that inherits it holds the lock as well.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _try_lock(descriptor):
            waiting()
            while not _try_lock(descriptor):
                time.sleep(_POLL_S)
        yield descriptor
    finally:
        # Closing drops the lock, unless a program that inherited it still runs.
        os.close(descriptor)


if sys.platform == "win32":  # pragma: no cover - measured where it runs
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
