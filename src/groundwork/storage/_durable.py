"""Getting bytes and names onto the disk itself.

Rule: bytes are durable once their file is synced, a name once its folder is. On Linux both are fsync; on macOS fsync
leaves the bytes in the drive's cache, so F_FULLFSYNC is asked for first; Windows cannot sync a folder and keeps names
in its own journal, so there only the bytes are synced.
"""

import errno
import os
import sys
from pathlib import Path


def sync_file(descriptor: int) -> None:
    """Return once everything written to the descriptor is on the disk.

    Args:
        descriptor: An open file.

    Raises:
        OSError: The system could not; what was written since the last success may be gone.
    """
    if sys.platform == "darwin":  # pragma: no cover
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:  # file systems of other makers do not know it
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Return once the names in the folder are on the disk.

    Args:
        folder: An existing folder.

    Raises:
        OSError: The system could not.
    """
    if sys.platform == "win32":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_file(descriptor)
    except OSError as error:
        # Some network file systems do not sync folders at all, and say so in this way.
        if error.errno not in (errno.EINVAL, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and the parents that it lacks.

    Args:
        folder: The folder to make; it may exist.

    Returns:
        The folders that hold a new name and so still need ``sync_folder``, outermost first; empty if all were there.

    Raises:
        OSError: A folder could not be made.
    """
    missing = []
    current = folder
    while not current.exists() and current != current.parent:
        missing.append(current)
        current = current.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return [each.parent for each in reversed(missing)]


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte, however few the system takes at a time.

    Args:
        descriptor: An open file.
        data: The bytes.

    Raises:
        OSError: The system refused; a part may have been written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
