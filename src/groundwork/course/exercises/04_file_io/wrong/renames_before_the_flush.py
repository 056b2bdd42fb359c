"""Renames while the data are still in the program's buffer: a kill in between leaves a torn file."""

import contextlib
import os
import stat
import tempfile

FAILS = (
    "a_full_disk_keeps_the_old_file",
    "the_data_are_synced_before_the_rename",
    "killed_anywhere_it_is_old_or_new",
)


@contextlib.contextmanager
def atomic_write(path, mode="wb", *, encoding=None, newline=None):
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    try:
        with open(descriptor, mode, encoding=encoding, newline=newline) as file:
            yield file
            os.chmod(temporary, bits(target))
            os.replace(temporary, target)
            file.flush()
            os.fsync(file.fileno())
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
