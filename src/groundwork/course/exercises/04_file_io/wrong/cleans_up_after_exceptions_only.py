"""Catches Exception: Ctrl-C and a cancelled task leave the temporary file."""

import contextlib
import os
import stat
import tempfile

FAILS = (
    "ctrl_c_cleans_up_too",
)


@contextlib.contextmanager
def atomic_write(path, mode="wb", *, encoding=None, newline=None):
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    try:
        with open(descriptor, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.chmod(temporary, bits(target))
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except Exception:
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
