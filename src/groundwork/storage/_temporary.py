"""The file that is written beside its target and takes its place.

Rule: its name is ``.<name>.<slot>.gw-tmp`` and its writer holds a lock on it. A killed writer's lock dies with it, so
the next writer of the same target finds the slot stale and takes it away: no folder is listed, no age guessed.
Paths are plain strings here, because replacing 4 KiB costs little more than the system's own work.
"""

import hashlib
import io
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from groundwork._failpoints import failpoint
from groundwork.errors import DurabilityUnknownError, StorageError, UsageError
from groundwork.storage._durable import make_folders, sync_file, sync_folder
from groundwork.storage._faults import storage_error
from groundwork.storage._lock import lock_descriptor

SUFFIX = ".gw-tmp"
_BUFFER_BYTES = 256 * 1024
_NAME_BYTES = 200
_ABSENT_SLOTS = 2
_FOLDERS_KNOWN = 256
_REFUSED = "cannot write"
_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_folders: dict[str, str] = {}


class Replacement:
    """New content for a path: written aside, then published or discarded.

    Args:
        path: The file to replace; its symbolic links are followed.
        new_only: Refuse to replace.
        durable: Sync file and folders.
    """

    def __init__(self, path: str | os.PathLike[str], *, new_only: bool, durable: bool) -> None:
        self.target = _resolved(path)
        self._new_only, self._durable = new_only, durable
        self._published = False
        self._file: IO[Any] | None = None
        self._folders: list[Path] = []
        try:
            self._old = _status(self.target, os.lstat)
            if self._old is not None and stat.S_ISLNK(self._old.st_mode):
                self.target = os.path.realpath(self.target)
                self._old = _status(self.target)
            if self._old is None:
                self._folders = make_folders(Path(self.target).parent)
            elif new_only:
                raise _exists(self.target)
            self.path, self._descriptor = _create(self.target, private=self._old is not None)
        except OSError as error:
            raise storage_error(error, self.target, _REFUSED) from error
        self._raw = _Raw(self._descriptor, self.target)

    def open(self, *, text: bool, encoding: str | None, newline: str | None) -> IO[Any]:
        """Open the temporary file for the caller.

        Args:
            text: Whether the caller writes str.
            encoding: Of the text; UTF-8 if None.
            newline: As in ``open``.

        Returns:
            The file; closing it early is allowed.
        """
        try:
            failpoint("storage.atomic_write.before_write")
        except OSError as error:
            raise storage_error(error, self.target, _REFUSED) from error
        buffered = io.BufferedWriter(self._raw, _BUFFER_BYTES)
        self._file = io.TextIOWrapper(buffered, encoding or "utf-8", newline=newline) if text else buffered
        return self._file

    def publish(self) -> None:
        """Put the new content in the target's place.

        Raises:
            StorageError: The system refused; the old file is untouched.
            DurabilityUnknownError: The new content is in place, but may not survive a power cut.
            UsageError: The file must be new and is not.
        """
        if self._file is not None and not self._file.closed:
            self._file.flush()
        if self._raw.refusal is not None:
            # The body went on after a refused write; what is on the disk is not what it wrote.
            raise self._raw.refusal
        try:
            self._settle()
            failpoint("storage.atomic_write.before_replace")
            self._rename()
        except OSError as error:
            raise storage_error(error, self.target, _REFUSED) from error
        self._published = True
        try:
            failpoint("storage.atomic_write.after_replace")
            if self._durable:
                sync_folder(os.path.dirname(self.target))
                for folder in reversed(self._folders):
                    sync_folder(folder)
        except OSError as error:
            doing = "the new file is in place, but may not survive a power cut"
            raise storage_error(error, self.target, doing, DurabilityUnknownError) from error
        finally:
            self._close()

    def discard(self) -> None:
        """Drop the new content, if it is not published yet; never raises an OSError."""
        if sys.platform == "win32":  # pragma: no cover - an open file cannot be removed there
            self._close()
        if not self._published and self._descriptor >= 0:
            # Before the lock is let go: afterwards the name may be another writer's.
            with suppress(OSError):
                os.unlink(self.path)
        self._close()

    def _settle(self) -> None:
        """Give the new file its status, and its bytes to the disk."""
        # Asked anew: a file that was made private during a long write stays private.
        if (old := _status(self.target) or self._old) is not None:
            _copy_status(old, self.target, self._descriptor)
        failpoint("storage.atomic_write.before_fsync")
        if self._durable:
            sync_file(self._descriptor)
        else:
            # Some network file systems tell only at a close that the bytes did not arrive.
            os.close(os.dup(self._descriptor))

    def _rename(self) -> None:
        if sys.platform == "win32":  # pragma: no cover - an open file cannot be renamed there
            self._close()
        if not self._new_only:
            os.replace(self.path, self.target)
            return
        try:
            if sys.platform == "win32":  # pragma: no cover
                os.rename(self.path, self.target)
            else:
                os.link(self.path, self.target)
        except FileExistsError as error:
            raise _exists(self.target) from error
        with suppress(OSError):
            os.unlink(self.path)

    def _close(self) -> None:
        if self._descriptor < 0:
            return
        self._raw.ignoring = True
        if self._file is not None:
            with suppress(OSError, ValueError):
                self._file.close()
        self._raw.close()
        descriptor, self._descriptor = self._descriptor, -1
        with suppress(OSError):
            os.close(descriptor)


class _Raw(io.FileIO):
    """The descriptor as a file whose refusals name the target, and which can be told to swallow the rest."""

    def __init__(self, descriptor: int, target: str) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._target = target
        self.ignoring = False
        self.refusal: StorageError | None = None

    def write(self, data: Any, /) -> int:
        if self.ignoring:
            return memoryview(data).nbytes
        try:
            failpoint("storage.atomic_write.write")
            return super().write(data)
        except OSError as error:
            self.refusal = storage_error(error, self._target, _REFUSED)
            raise self.refusal from error


def _resolved(path: str | os.PathLike[str]) -> str:
    given = os.fsdecode(path)
    if "\0" in given or given.endswith(("/", os.sep)):
        raise UsageError(f"{given!r} does not name a file", hint="name a file")
    folder, name = os.path.split(given)
    return os.path.join(_resolved_folder(folder or os.curdir), name)


def _resolved_folder(folder: str) -> str:
    """Follow a folder's links, which may lead elsewhere at the next write; remembered because it asks for each part."""
    known = _folders.get(folder)
    try:
        if known is not None and os.path.samestat(os.stat(folder), os.stat(known)):
            return known
    except OSError:  # gone meanwhile; whoever uses it tells why
        pass
    if len(_folders) >= _FOLDERS_KNOWN:
        _folders.clear()
    _folders[folder] = found = os.path.realpath(folder)
    return found


def _status(target: str, look: Callable[[str], os.stat_result] | None = None) -> os.stat_result | None:
    try:
        status = (look or os.stat)(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise UsageError(f"{target} is {what}; only a plain file can be replaced", hint="name a file")
    return status


def _exists(target: str) -> UsageError:
    return UsageError(f"{target} exists already", code="file_exists", hint="choose another name, or mode 'wb'")


def _create(target: str, *, private: bool) -> tuple[str, int]:
    # What replaces a protected file must not be readable by all while it is being written.
    mode = 0o600 if private else 0o666
    name, slot = _stem(target), 0
    while True:
        path = f"{name}{slot}{SUFFIX}"
        try:
            descriptor = os.open(path, _FLAGS, mode)
        except FileExistsError:
            if not _sweep(path):
                slot += 1
            continue
        if _claim(descriptor):
            _sweep_later(name, slot)
            return path, descriptor
        os.close(descriptor)


def _stem(target: str) -> str:
    folder, separator, name = target.rpartition(os.sep)
    if len(os.fsencode(name)) > _NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f"{folder}{separator}.{name}."


def _sweep_later(name: str, slot: int) -> None:
    """Take away what several writers left that were killed together; they need not have filled the slots in a row."""
    last = slot + _ABSENT_SLOTS
    while slot < last:
        slot += 1
        path = f"{name}{slot}{SUFFIX}"
        if os.access(path, os.F_OK):
            _sweep(path)
            last = slot + _ABSENT_SLOTS


def _claim(descriptor: int) -> bool:
    """Lock the new file; False if a sweeper was quicker and has removed it."""
    if sys.platform == "win32":  # pragma: no cover
        return True
    try:
        return lock_descriptor(descriptor) and os.fstat(descriptor).st_nlink > 0
    except OSError:  # a file system without locks: no sweeper can remove it either
        return True


def _sweep(path: str) -> bool:
    """Remove a temporary file whose writer is dead; False if it may be alive."""
    try:
        if sys.platform == "win32":  # pragma: no cover - an open file cannot be removed there
            os.unlink(path)
            return True
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not lock_descriptor(descriptor):
            return False
        # While the lock is ours nobody else removes this file; if the name leads elsewhere, it has been done already.
        if _leads_to(path, descriptor):
            os.unlink(path)
        return True
    except FileNotFoundError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _leads_to(path: str, descriptor: int) -> bool:
    return os.path.samestat(os.lstat(path), os.fstat(descriptor))


def _copy_status(old: os.stat_result, target: str, descriptor: int) -> None:
    """Give the new file the old one's owner, mode and extended attributes, as far as the system allows."""
    if sys.platform == "win32":  # pragma: no cover
        return
    mode = stat.S_IMODE(old.st_mode)
    new = os.fstat(descriptor)
    if new.st_uid != old.st_uid or new.st_gid != old.st_gid:
        mode = _copy_owner(old, descriptor, mode)
        new = os.fstat(descriptor)
    # Asked for only where it differs: file systems without modes refuse it, and a change of the owner clears bits.
    if mode != stat.S_IMODE(new.st_mode):
        os.fchmod(descriptor, mode)
    if sys.platform == "linux":
        with suppress(OSError):
            for name in os.listxattr(target):
                with suppress(OSError):
                    os.setxattr(descriptor, name, os.getxattr(target, name))


def _copy_owner(old: os.stat_result, descriptor: int, mode: int) -> int:
    """Return the mode that the file may have under the owner and group that it got."""
    try:
        os.fchown(descriptor, old.st_uid, -1)
    except OSError:
        mode &= ~stat.S_ISUID
    try:
        os.fchown(descriptor, -1, old.st_gid)
    except OSError:
        # The group is another one now; it gets no more than everybody.
        mode = mode & ~(0o070 | stat.S_ISGID) | (mode & 0o007) << 3
    return mode
