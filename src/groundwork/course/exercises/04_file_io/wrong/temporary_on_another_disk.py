"""Writes to the system's temporary folder; shutil.move copies in place where that is another disk."""

import contextlib
import os
import shutil
import stat
import tempfile

FAILS = (
    "a_failed_rename_keeps_the_old_file",
    "needs_no_other_disk",
)


@contextlib.contextmanager
def atomic_write(path, mode="wb", *, encoding=None, newline=None):
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    descriptor, temporary = tempfile.mkstemp()
    try:
        with open(descriptor, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.chmod(temporary, bits(target))
            os.fsync(file.fileno())
        shutil.move(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    sync_folder(folder)


def bits(target):
    if os.path.exists(target):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
