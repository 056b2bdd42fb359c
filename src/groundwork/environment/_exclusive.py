"""One set-up of an environment at a time.

Rule: the operating system holds the lock and drops it when its process dies, so a killed set-up never blocks the next.
On POSIX the installer inherits the lock: should it outlive a killed set-up, the next one waits for it.
Its holder may remove the file; whoever waited for it then goes by the file that stands there now, so that two never
hold the lock of one path.
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
        path: The lock file; created where there is none, and left there.
        waiting: Called once if another process holds the lock.

    Yields:
        The descriptor that carries the lock. A program that inherits it holds the lock as well.

    Raises:
        OSError: The file cannot be opened; or its folder was removed by whoever held the lock.
    """
    descriptor = _locked(path, waiting)
    try:
        yield descriptor
    finally:
        # Closing drops the lock, unless a program that inherited it still runs.
        os.close(descriptor)


def _locked(path: Path, waiting: Callable[[], None]) -> int:
    told = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            while not _try_lock(descriptor):
                if not told:
                    waiting()
                    told = True
                time.sleep(_POLL_S)
            if _stands(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
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

    def _stands(path: Path, descriptor: int) -> bool:
        # Nobody can remove a file there that another has open.
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _stands(path: Path, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.stat(path), os.fstat(descriptor))
        except FileNotFoundError:
            return False
