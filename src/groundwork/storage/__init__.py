"""Files that are never torn, checkpoints that are never lost."""

from groundwork.storage._atomic import atomic_write
from groundwork.storage._hash import sha256
from groundwork.storage._journal import FileJournal
from groundwork.storage._lock import FileLock

__all__ = ["FileJournal", "FileLock", "atomic_write", "sha256"]
