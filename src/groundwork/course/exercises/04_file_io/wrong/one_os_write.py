"""Calls os.write once and does not look at how much it took."""

import contextlib
import io
import os
import stat
import tempfile

FAILS = (
    "a_full_disk_keeps_the_old_file",
    "short_writes_lose_nothing",
)


@contextlib.contextmanager
def atomic_write(path, mode="wb", *, encoding=None, newline=None):
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    collected = io.BytesIO()
    file = collected if "b" in mode else io.TextIOWrapper(collected, encoding=encoding, newline=newline)
    yield file
    file.flush()
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    try:
        os.write(descriptor, collected.getvalue())
        os.fchmod(descriptor, bits(target))
        os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)
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
