"""Logs of JSON lines: records added at a file's end, by any number of processes.

Rule: a record is on the disk when ``append`` has returned, and never glued to what a crash has left: the next append
cuts off a last line without an end, which nobody was told is written. Cost: one open, one lock, one write and one sync
a call, however many records it takes. ``FileJournal`` writes through the same code.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import Locked, StorageError, UnsupportedFormatError, UsageError
from groundwork.storage._durable import make_folders, sync_file, sync_folder, write_all
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._json import advice, compact
from groundwork.storage._lock import lock_descriptor

_SUFFIXES = (".jsonl", ".ndjson")
_REFUSED = "cannot append"
_BACK = 2**16
_REOPENS = 100


def append(
    path: str | os.PathLike[str], record: Mapping[str, Any] | Iterable[Mapping[str, Any]], *, durable: bool = True
) -> None:
    """Add records at the end of a ``.jsonl`` log, each a line; the file and its folders are made if missing.

    Several processes and threads may append to one log; they take turns. A crash may leave the first of several
    records, and a part of one as the last line: readers say so, and the next append removes that part. A last line that
    is whole and lacks only its end is kept.

    Args:
        path: The log; ``.jsonl`` or ``.ndjson``, not compressed.
        record: One mapping of JSON-able values, or several; none leaves the file as it is.
        durable: False skips the syncs: whole after a killed process, but a power cut may lose the last records.

    Raises:
        UsageError: A record is no mapping, or a value cannot be written as JSON (NaN included); nothing is added.
        UnsupportedFormatError: The file is no ``.jsonl``.
        StorageError: The system refused; the log is as it was.
        Locked: Windows gave up waiting for another writer.
    """
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        raise UnsupportedFormatError(
            f"{path}: only a .jsonl file can be appended to", hint="rename it; write() replaces a file of any format"
        )
    if not isinstance(record, Iterable):
        raise _no_mapping(path, record)
    lines = b"".join(_line(path, each) for each in ([record] if isinstance(record, Mapping) else record))
    if not lines:
        return
    with told_as_storage_error(path, _REFUSED):
        for _ in range(_REOPENS):
            if _appended(path, lines, durable=durable):
                return
    raise StorageError(f"{path}: {_REFUSED}: others remove it again and again", hint="end the process that does")


def open_log(path: Path, *, durable: bool = True) -> int:
    """Open a file to append to it, made if missing.

    Args:
        path: The file.
        durable: Whether its name, and those of new folders, are on the disk on return.

    Returns:
        A descriptor to read, append, cut and lock.

    Raises:
        OSError: The system refused.
    """
    folders = make_folders(path.parent)
    new = not path.exists()
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    if new and durable:
        try:
            for folder in (path.parent, *reversed(folders)):
                sync_folder(folder)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def lock_log(descriptor: int, path: Path) -> None:
    """Wait until no other writer holds the log.

    Args:
        descriptor: From ``open_log``.
        path: The file, for the message.

    Raises:
        Locked: Windows gave up waiting.
    """
    if not lock_descriptor(descriptor, wait=True):
        raise Locked(f"{path}: another process holds it for too long", hint="end that process")


def add_whole(descriptor: int, data: bytes, end: int, *, durable: bool, point: str) -> None:
    """Write at the end of a locked log, all or nothing as far as the system lets us.

    Args:
        descriptor: From ``open_log``, locked.
        data: Whole lines.
        end: The file's size.
        durable: Whether to sync.
        point: What the failpoints are called.

    Raises:
        OSError: The system refused; the file was cut back to ``end``.
    """
    try:
        write_all(descriptor, data)
        failpoint(f"{point}.before_fsync")
        if durable:
            sync_file(descriptor)
        else:
            # Some network file systems tell only at a close that the bytes did not arrive.
            os.close(os.dup(descriptor))
    except OSError:
        # What a failed sync has left behind is unknown; the data is taken back and the caller told.
        with suppress(OSError):
            os.ftruncate(descriptor, end)
        raise


def _line(path: Path, record: Any) -> bytes:
    if not isinstance(record, Mapping):
        raise _no_mapping(path, record)
    try:
        return compact(dict(record)) + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: a record cannot be written as JSON: {error}", hint=advice(error)) from error


def _no_mapping(path: Path, record: Any) -> UsageError:
    return UsageError(f"{path}: a record must be a mapping, not {type(record).__name__}", hint="{'name': value}")


def _appended(path: Path, lines: bytes, *, durable: bool) -> bool:
    descriptor = open_log(path, durable=durable)
    try:
        lock_log(descriptor, path)
        failpoint("storage.append.before_write")
        status = os.fstat(descriptor)
        if status.st_nlink == 0:  # a log that was rotated away while we waited
            return False
        if status.st_size == 0 and durable:  # whoever made it may have died before its name was on the disk
            sync_folder(path.parent)
        end, healing = _mended(descriptor, status.st_size, durable=durable)
        add_whole(descriptor, healing + lines, end, durable=durable, point="storage.append")
    finally:
        # The records are safe or have been refused by now: a refused close says nothing about them.
        with suppress(OSError):
            os.close(descriptor)
    return True


def _mended(descriptor: int, size: int, *, durable: bool) -> tuple[int, bytes]:
    """Cut a torn last line; return the file's end, and what must come before the next record."""
    tail = _tail(descriptor, size)
    if not tail:
        return size, b""
    if _is_json(tail):  # no part of an object is, so this is whole
        return size, b"\n"
    end = size - len(tail)
    os.ftruncate(descriptor, end)
    if durable:
        sync_file(descriptor)
    return end, b""


def _tail(descriptor: int, size: int) -> bytes:
    """Read what follows the last line end; one byte where all is well."""
    step, tail, at = 1, b"", size
    while at > 0:
        start = max(0, at - step)
        os.lseek(descriptor, start, os.SEEK_SET)
        block = os.read(descriptor, at - start)
        found = block.rfind(b"\n")
        tail = block[found + 1 :] + tail
        if found >= 0:
            break
        at, step = start, _BACK
    return tail


def _is_json(tail: bytes) -> bool:
    try:
        json.loads(tail)
    except (ValueError, RecursionError):
        return False
    return True
