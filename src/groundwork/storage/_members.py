"""The files of a checkpoint folder, opened without being led elsewhere.

Rule: a member is a plain file inside its folder. A symbolic link is refused, wherever it points: it would let a
checkpoint that somebody sent bring in a file of ours.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from groundwork.errors import CheckpointCorrupt
from groundwork.storage._faults import told_as_storage_error

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def opened_member(folder: Path, name: str, size: int) -> Iterator[int]:
    """Open a member that has the size it must have.

    Args:
        folder: The checkpoint.
        name: The member's path inside it, parts separated by ``/``.
        size: In bytes.

    Yields:
        A descriptor for reading.

    Raises:
        CheckpointCorrupt: It is missing, a link, no plain file, or of another size.
        StorageError: It cannot be read.
    """
    require_no_links(folder, name)
    path = folder / name
    with told_as_storage_error(path, "cannot read"):
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise corrupt(folder, f"{name} is missing") from error
        if not stat.S_ISREG(found.st_mode):
            raise corrupt(folder, f"{name} is no plain file")
        descriptor = os.open(path, _FLAGS)
        try:
            found_size = os.fstat(descriptor).st_size
            if found_size != size:
                raise corrupt(folder, f"{name} has {found_size} bytes, not {size}")
            yield descriptor
        finally:
            os.close(descriptor)


def require_no_links(folder: Path, name: str) -> None:
    """Refuse a member that is a symbolic link, or lies behind one.

    Args:
        folder: The checkpoint; it may be a link itself.
        name: The member's path inside it.

    Raises:
        CheckpointCorrupt: It is.
        StorageError: It cannot be looked at.
    """
    path = PurePosixPath(name)
    with told_as_storage_error(folder / path, "cannot read"):
        for part in (path, *path.parents[:-1]):
            if (folder / part).is_symlink():
                raise corrupt(folder, f"{part} is a symbolic link")


def corrupt(folder: Path, why: str) -> CheckpointCorrupt:
    """Make the error for a checkpoint that is not what was saved.

    Args:
        folder: The checkpoint.
        why: What is wrong with it.

    Returns:
        The error.
    """
    hint = "load an earlier step, or restore this folder from a copy"
    return CheckpointCorrupt(f"{folder}: {why}", hint=hint, context={"checkpoint": str(folder), "why": why})
