"""A journal: records that are on the disk once ``append`` has returned.

Rule: a crash can damage only the last line, and only one that nobody was told is written; damage anywhere else is an
error, never skipped. Cost: one write and one sync a record; reading is one pass, a line in memory at a time.

A line is ``{"crc32":"89abcdef","record":{...}}``, the checksum that of the record's bytes as they stand there.
"""

import json
import os
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import JournalCorrupt, Locked, StorageError, UsageError
from groundwork.storage._append import add_whole, lock_log, open_log
from groundwork.storage._durable import sync_file
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._json import advice, compact
from groundwork.storage._lock import FileLock, unlock_descriptor

_PREFIX = b'{"crc32":"'
_MIDDLE = b'","record":'
_BODY_AT = len(_PREFIX) + 8 + len(_MIDDLE)
_REFUSED = "cannot append to the journal"


class FileJournal:
    """Durable records, one JSON line each; any number of processes and threads may append and read at once.

    Reading never changes the file. The first append cuts off a last line that a crash has torn. A run of a pipeline
    holds the journal for itself, by a file of the same name with ``.lock`` after it.

    Args:
        path: The file; made, with its folders, by the first append.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._descriptor: int | None = None
        self._end = -1
        self._one_thread = threading.Lock()

    def records(self) -> Iterator[dict[str, Any]]:
        """Read the records, oldest first.

        Yields:
            Each record; a torn last line is left out, a missing file has none.

        Raises:
            JournalCorrupt: A line before the last is damaged.
            StorageError: The file cannot be read.
        """
        read_to = 0
        for record, end in _scan(self.path):
            yield record
            read_to = end
        # So that the first append need not read it all again, unless the file has grown meanwhile.
        self._end = read_to

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the journal for a block, so that no other run works from it; whoever asks nothing may append meanwhile.

        The system lets go when the process ends, however it ends.

        Raises:
            Locked: Another process, or another object of this one, holds it.
            StorageError: The lock file cannot be made.
        """
        lock = FileLock(f"{self.path}.lock")
        try:
            lock.__enter__()
        except Locked as error:
            raise Locked(
                f"{self.path}: a run uses this journal already ({error.message})",
                hint="wait until it has ended, or give this run a journal of its own",
                context={"file": str(self.path)},
            ) from error
        try:
            yield
        finally:
            lock.release()

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record and return when it is on the disk.

        Args:
            record: Names and JSON-able values.

        Raises:
            UsageError: A value cannot be written as JSON.
            JournalCorrupt: A line before the last is damaged, so nothing is added.
            StorageError: The system refused; the journal is as it was.
            Locked: Windows gave up waiting for another writer.
        """
        line = _line(self.path, record)
        with self._one_thread, told_as_storage_error(self.path, _REFUSED):
            failpoint("storage.journal.before_append")
            if self._descriptor is None:
                self._descriptor = open_log(self.path)
                weakref.finalize(self, os.close, self._descriptor)
            lock_log(self._descriptor, self.path)
            try:
                end = self._cut_torn_line(self._descriptor)
                self._end = -1
                add_whole(self._descriptor, line, end, durable=True, point="storage.journal")
                self._end = end + len(line)
            finally:
                # The record is safe or has been refused by now; a lock that stays ends with the process.
                with suppress(OSError):
                    unlock_descriptor(self._descriptor)

    def _cut_torn_line(self, descriptor: int) -> int:
        status = os.fstat(descriptor)
        if status.st_nlink == 0:
            raise StorageError(f"{self.path}: {_REFUSED}: someone has removed it", hint="start the run anew")
        if status.st_size == self._end:
            return self._end
        end = max((end for _, end in _scan(self.path)), default=0)
        if end < status.st_size:
            os.ftruncate(descriptor, end)
            sync_file(descriptor)
        return end


def _line(path: Path, record: Mapping[str, Any]) -> bytes:
    try:
        body = compact(dict(record), nan=True)  # a step's metric may be one, and only we read the journal
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: a record cannot be written as JSON: {error}", hint=advice(error)) from error
    return b"%s%08x%s%s}\n" % (_PREFIX, zlib.crc32(body), _MIDDLE, body)


def _scan(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each whole record with the offset of its end."""
    end = 0
    with told_as_storage_error(path, "cannot read the journal"):
        try:
            file = open(path, "rb")  # noqa: SIM115 - a missing journal is an empty one; closed by the with below
        except FileNotFoundError:
            return
        with file:
            for number, line in enumerate(file, start=1):
                record = _parse(line)
                if record is None:
                    if file.read(1):
                        raise _corrupt(path, number, end)
                    return
                end += len(line)
                yield record, end


def _parse(line: bytes) -> dict[str, Any] | None:
    body = line[_BODY_AT:-2]
    if line != b"%s%08x%s%s}\n" % (_PREFIX, zlib.crc32(body), _MIDDLE, body):
        return None
    try:
        record = json.loads(body.decode())
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _corrupt(path: Path, line: int, offset: int) -> JournalCorrupt:
    return JournalCorrupt(
        f"{path}: line {line} (byte {offset}) is damaged, and records follow it, so this was no crash",
        hint="restore the file from a copy, or move it away and start anew",
        context={"file": str(path), "line": line, "offset": offset},
    )
