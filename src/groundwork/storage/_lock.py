"""A lock between processes that no crash can leave behind.

Rule: the operating system holds the lock for the process, so it ends when the process does, kill -9 included; the file
itself is never removed, because a lock on a removed file excludes nobody. One lock costs one open and one system call.
"""

import errno
import os
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from groundwork.errors import Locked
from groundwork.storage._durable import make_folders, write_all
from groundwork.storage._faults import told_as_storage_error

# Windows forbids others to read locked bytes, so the lock stands far behind the holder's number.
_WINDOWS_OFFSET = 1 << 30
# FileLock.held takes the lock for some microseconds; whoever is refused looks again before it believes so.
_LOOKS, _LOOK_AGAIN_S = 4, 0.001


def lock_descriptor(descriptor: int, *, wait: bool = False) -> bool:
    """Take the system's exclusive lock on an open file.

    Args:
        descriptor: The open file; closing it lets go.
        wait: Wait for the present holder (on Windows at most some ten seconds).

    Returns:
        Whether the lock is ours.
    """
    try:
        if sys.platform == "win32":  # pragma: no cover
            import msvcrt

            os.lseek(descriptor, _WINDOWS_OFFSET, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno != errno.EDEADLK:  # how Windows says that it has waited for long enough
            raise
        return False
    return True


def unlock_descriptor(descriptor: int) -> None:
    """Let go of the lock and keep the file open.

    Args:
        descriptor: A file that ``lock_descriptor`` has locked.
    """
    if sys.platform == "win32":  # pragma: no cover
        import msvcrt

        os.lseek(descriptor, _WINDOWS_OFFSET, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock file and hold it for the body; for sections that take milliseconds.

    Args:
        path: The lock file, made if missing; its folder must exist.

    Raises:
        StorageError: The file cannot be opened or locked.
        Locked: Windows gave up waiting.
    """
    with told_as_storage_error(path, "cannot lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        with told_as_storage_error(path, "cannot lock"):
            locked = lock_descriptor(descriptor, wait=True)
        if not locked:
            raise Locked(f"{path}: another process holds this lock for too long", hint="end that process")
        yield
    finally:
        # Nothing was written to it: a refused close says nothing about what the body has done.
        with suppress(OSError):
            os.close(descriptor)


class FileLock:
    """An exclusive lock between processes, and between two ``FileLock`` of one process.

    It ends with its process. A forked child does not share it, a started program does not inherit it. On network file
    systems it is as good as their flock.

    Args:
        path: The lock file; made if missing, with its folders, and never removed.

    Example:
        >>> with FileLock("runs/r1/lock"):  # doctest: +SKIP
        ...     ...
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._descriptor: int | None = None
        self.path = Path(path)

    def acquire(self) -> bool:
        """Take the lock if it is free; never waits for a holder.

        Returns:
            True if it is ours now; False if anyone holds it, this very object included.

        Raises:
            StorageError: The lock file cannot be made or locked.
        """
        if self._descriptor is not None:
            return False
        with told_as_storage_error(self.path, "cannot lock"):
            make_folders(self.path.parent)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
            try:
                if not _lock_or_look_again(descriptor):
                    return False
                # For the person who finds it locked; the lock itself does not depend on it.
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                write_all(descriptor, str(os.getpid()).encode())
                self._descriptor, descriptor = descriptor, -1
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        _let_go_in_forked_children(self)
        return True

    def release(self) -> None:
        """Let go of the lock; does nothing if it is not ours."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @staticmethod
    def held(path: str | os.PathLike[str]) -> bool:
        """Tell whether any process, this one included, holds the lock now.

        Args:
            path: The lock file; a missing one is not held.

        Returns:
            The answer at this instant; it may be out of date at the next.

        Raises:
            StorageError: The lock file cannot be opened.
        """
        with told_as_storage_error(path, "cannot look at the lock"):
            try:
                descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
            except FileNotFoundError:
                return False
            except PermissionError:
                descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            try:
                return not lock_descriptor(descriptor)
            finally:
                os.close(descriptor)

    def __enter__(self) -> Self:
        if not self.acquire():
            raise Locked(
                f"{self.path}: {_holder(self.path)} holds this lock",
                hint="wait until it has ended, or end it",
                context={"file": str(self.path)},
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()


def _lock_or_look_again(descriptor: int) -> bool:
    for look in range(_LOOKS):
        if look:
            time.sleep(_LOOK_AGAIN_S)
        if lock_descriptor(descriptor):
            return True
    return False


def _holder(path: Path) -> str:
    try:
        number = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        number = ""
    return f"process {number}" if number.isdigit() else "another process"


_held: "weakref.WeakSet[FileLock]" = weakref.WeakSet()
_watching = False


def _let_go_in_forked_children(lock: FileLock) -> None:
    # A forked child shares the open file, and with it the lock, which would then outlive the parent.
    global _watching
    _held.add(lock)
    if not _watching and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget_all)
        _watching = True


def _forget_all() -> None:
    for lock in list(_held):
        lock.release()
    _held.clear()
