"""Renames in a finally block: an error in the block publishes half a file."""

import contextlib
import os
import stat
import tempfile

FAILS = (
    "an_error_in_the_block_keeps_the_old_file",
)


@contextlib.contextmanager
def atomic_write(path, mode="wb", *, encoding=None, newline=None):
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    file = open(descriptor, mode, encoding=encoding, newline=newline)
    try:
        yield file
    finally:
        file.flush()
        os.chmod(temporary, bits(target))
        os.fsync(file.fileno())
        file.close()
        os.replace(temporary, target)
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
