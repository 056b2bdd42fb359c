"""Files that are never torn, checkpoints that are never lost."""

from groundwork.storage._atomic import atomic_write
from groundwork.storage._cells import parse_column, unparsed
from groundwork.storage._hash import sha256
from groundwork.storage._journal import FileJournal
from groundwork.storage._lock import FileLock
from groundwork.storage._stream import stream, stream_schema

__all__ = ["FileJournal", "FileLock", "atomic_write", "parse_column", "sha256", "stream", "stream_schema", "unparsed"]
