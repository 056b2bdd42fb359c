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
from contextlib import suppress
from pathlib import Path
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import JournalCorrupt, Locked, StorageError, UsageError
from groundwork.storage._durable import make_folders, sync_file, sync_folder, write_all
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._lock import lock_descriptor, unlock_descriptor

_PREFIX = b'{"crc32":"'
_MIDDLE = b'","record":'
_BODY_AT = len(_PREFIX) + 8 + len(_MIDDLE)
_REFUSED = "cannot append to the journal"


class FileJournal:
    """Durable records, one JSON line each; any number of processes and threads may append and read at once.

    Reading never changes the file. The first append cuts off a last line that a crash has torn.

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
        for record, _ in _scan(self.path):
            yield record

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
                self._open()
            assert self._descriptor is not None
            if not lock_descriptor(self._descriptor, wait=True):
                raise Locked(f"{self.path}: another process holds the journal for too long", hint="end that process")
            try:
                self._cut_torn_line()
                self._write(line)
            finally:
                unlock_descriptor(self._descriptor)

    def _open(self) -> None:
        folders = make_folders(self.path.parent)
        new = not self.path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.path, flags, 0o666)
        weakref.finalize(self, os.close, self._descriptor)
        if new:
            for folder in (self.path.parent, *reversed(folders)):
                sync_folder(folder)

    def _cut_torn_line(self) -> None:
        assert self._descriptor is not None
        status = os.fstat(self._descriptor)
        if status.st_nlink == 0:
            raise StorageError(f"{self.path}: {_REFUSED}: someone has removed it", hint="start the run anew")
        if status.st_size == self._end:
            return
        end = max((end for _, end in _scan(self.path)), default=0)
        if end < status.st_size:
            os.ftruncate(self._descriptor, end)
            sync_file(self._descriptor)
        self._end = end

    def _write(self, line: bytes) -> None:
        assert self._descriptor is not None
        start, self._end = self._end, -1
        try:
            write_all(self._descriptor, line)
            failpoint("storage.journal.before_fsync")
            sync_file(self._descriptor)
        except OSError:
            # What a failed sync has left behind is unknown; the record is taken back and the caller told.
            with suppress(OSError):
                os.ftruncate(self._descriptor, start)
            raise
        self._end = start + len(line)


def _line(path: Path, record: Mapping[str, Any]) -> bytes:
    try:
        body = json.dumps(dict(record), ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path}: a record cannot be written as JSON: {error}", hint="use plain values") from error
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
        record = json.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _corrupt(path: Path, line: int, offset: int) -> JournalCorrupt:
    return JournalCorrupt(
        f"{path}: line {line} (byte {offset}) is damaged, and records follow it, so this was no crash",
        hint="restore the file from a copy, or move it away and start anew",
        context={"file": str(path), "line": line, "offset": offset},
    )
