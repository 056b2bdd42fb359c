"""What lies at a path, and how the path is typed.

Rule: what may not be looked at is told, never taken for something that is not there.
"""

import errno
import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Of a name that Windows does not allow it says EINVAL.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL)


def is_file(path: Path) -> bool:
    """Tell whether there is a file.

    Args:
        path: Where.

    Returns:
        Whether there is one, perhaps at the end of a link.

    Raises:
        StorageError: It cannot be found out, as where a folder above may not be entered.
    """
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder.

    Args:
        path: Where.

    Returns:
        Whether there is one, perhaps at the end of a link.

    Raises:
        StorageError: It cannot be found out, as where a folder above may not be entered.
    """
    return stat.S_ISDIR(_mode(path))


def see_readable(file: Path) -> None:
    """See that a file may be read, before anything is made of it.

    Args:
        file: The file.

    Raises:
        StorageError: It may not.
    """
    with reading(file):
        file.open("rb").close()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell it when the system refuses to read.

    Args:
        path: What is read in the body.

    Raises:
        StorageError: The body raised an OSError; it names the file, or the folder above it that may not be entered.
    """
    try:
        yield
    except OSError:
        # Late: a learner's process imports no more of groundwork than it needs.
        from groundwork.storage import told_as_storage_error

        above = (folder for folder in reversed(path.parents) if os.path.isdir(folder))
        barred = (folder for folder in above if not os.access(folder, os.X_OK))
        with told_as_storage_error(next(barred, path), "cannot read"):
            raise


def pasted(path: str | os.PathLike[str]) -> str:
    """Write a path as a word of a command that can be pasted into a shell.

    Args:
        path: The path, or any other word.

    Returns:
        The path, quoted if it has a space or anything else that a shell takes for more than a letter; on Windows with
        double quotes.
    """
    text = os.fspath(path)
    if os.name != "nt":
        return shlex.quote(text)
    return text if re.fullmatch(r"[\w@+:./\\~-]+", text) else f'"{text}"'


def _mode(path: Path) -> int:
    with reading(path):
        try:
            return path.stat().st_mode
        except OSError as error:
            if error.errno in _ABSENT:
                return 0
            raise
