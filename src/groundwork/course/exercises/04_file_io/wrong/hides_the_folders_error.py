"""Says that all is well when the rename could not be made durable."""

import contextlib
import os
import stat
import tempfile

FAILS = (
    "a_failed_sync_of_the_folder_is_an_error",
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
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    with contextlib.suppress(OSError):
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
