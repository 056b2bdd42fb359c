"""The system's refusals, as one sentence that a person can act on.

Rule: an OSError of a file operation leaves this package as a ``StorageError`` that names the path, the system's words
and what to do next.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from groundwork.errors import StorageError

_HINTS = {
    errno.ENOSPC: "free some space on that disk, then run the same command again",
    errno.EDQUOT: "free some of your quota on that disk, then run the same command again",
    errno.EFBIG: "the file system or a limit (ulimit -f) does not allow a file this large; write somewhere else",
    errno.EIO: "the disk reports a hardware error; look at the system log and use another disk",
    errno.EROFS: "the file system is mounted read-only; choose a folder that can be written",
    errno.EACCES: "check the owner and mode of the file and its folder, or choose another path",
    errno.EPERM: "check the owner and mode of the file and its folder, or choose another path",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "a part of the path is a file, not a folder; check the path",
    errno.EISDIR: "the path is a folder; name a file",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.ENAMETOOLONG: "choose a shorter file name",
    errno.ELOOP: "the path leads through a circle of symbolic links; check it",
}


def storage_error(
    error: OSError, path: str | os.PathLike[str], doing: str, kind: type[StorageError] = StorageError
) -> StorageError:
    """Turn an OSError into the error that a user reads.

    Args:
        error: What the system said.
        path: The file or folder that it is about.
        doing: What was tried, as ``cannot write``.
        kind: The class of the result.

    Returns:
        The error, to be raised ``from`` the OSError.
    """
    number = error.errno
    words = os.strerror(number) if number is not None else str(error) or type(error).__name__
    return kind(
        f"{os.fspath(path)}: {doing}: {words}",
        hint=_HINTS.get(number or 0, "see the cause, mend it and run the same command again"),
        context={"file": os.fspath(path), "errno": errno.errorcode.get(number or 0)},
    )


@contextmanager
def told_as_storage_error(path: str | os.PathLike[str], doing: str) -> Iterator[None]:
    """Re-raise any OSError of the body as a ``StorageError`` about ``path``.

    Args:
        path: The file or folder that the body works on.
        doing: What is being tried, as ``cannot read``.

    Raises:
        StorageError: The body raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise storage_error(error, path, doing) from error
