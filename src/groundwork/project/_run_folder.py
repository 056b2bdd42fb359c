"""How a run's folder comes into being.

Rule: it is built under a hidden name, with its owner's lock in it, and appears whole and owned by a rename. So what a
killed start has left is hidden and its lock is free; the next start takes it away.
"""

import contextlib
import os
import secrets
import shutil
import sys
from datetime import datetime
from pathlib import Path

from groundwork._failpoints import failpoint
from groundwork.errors import StorageError
from groundwork.storage import FileLock

_SUFFIX = ".gw-tmp"


def lock_of(folder: Path) -> FileLock:
    """Return the lock that a run's owner holds.

    Args:
        folder: The run's folder, hidden or not.
    """
    return FileLock(folder / "run.lock")


def is_hidden(folder: Path) -> bool:
    """Tell a folder that is no run yet.

    Args:
        folder: A folder in the folder of runs.
    """
    return folder.name.startswith(".")


def name_of(hidden: Path) -> str:
    """Return the name that a hidden folder will have.

    Args:
        hidden: What ``reserve`` has made.
    """
    return hidden.name.removeprefix(".").removesuffix(_SUFFIX)


def reserve(root: Path, created: datetime) -> tuple[Path, FileLock]:
    """Make a hidden folder whose name nobody else has, or will have.

    Args:
        root: The folder of runs.
        created: The run's time, in UTC, of which the name is made.

    Returns:
        The folder, and its lock, which this process holds.
    """
    while True:
        hidden = root / f".{created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}{_SUFFIX}"
        # Two runs may start at one instant; mkdir decides who has the name, unless one has appeared under it already.
        with contextlib.suppress(FileExistsError):
            hidden.mkdir()
            if os.path.lexists(root / name_of(hidden)):
                hidden.rmdir()
                continue
            failpoint("project.start.after_mkdir")
            lock = lock_of(hidden)
            try:
                if lock.acquire() and lock.path.exists():
                    return hidden, lock
            except StorageError:
                if hidden.exists():
                    raise
            lock.release()  # another start took the folder for left over before it was locked


def appear(hidden: Path, lock: FileLock) -> Path:
    """Give the folder its name; from now on it is a run, and others may look at it.

    Args:
        hidden: What ``reserve`` has made, filled.
        lock: Its lock, held; it goes with the folder.

    Returns:
        The folder under its name.
    """
    folder = hidden.with_name(name_of(hidden))
    failpoint("project.start.before_rename")
    if sys.platform == "win32":  # pragma: no cover - a folder cannot be renamed there while a file in it is open
        lock.release()
        hidden.rename(folder)
        lock.path = folder / lock.path.name
        lock.acquire()
        return folder
    hidden.rename(folder)
    lock.path = folder / lock.path.name
    failpoint("project.start.after_rename")
    return folder


def sweep(root: Path) -> None:
    """Remove what killed starts have left.

    Args:
        root: The folder of runs.
    """
    for path in root.glob(f".*{_SUFFIX}"):
        lock = lock_of(path)
        try:
            left_over = path.is_dir() and lock.acquire()
        except StorageError:
            if path.exists():
                raise
            continue  # it got its name, or another start took it away, in this very moment
        if left_over:
            shutil.rmtree(path, ignore_errors=True)
            lock.release()
            if sys.platform == "win32":  # pragma: no cover - an open file stays there
                shutil.rmtree(path, ignore_errors=True)
