"""Cleans up after an error in the block and then keeps it to itself: the caller believes that all is saved."""

import os
import stat
import tempfile

FAILS = (
    "an_error_in_the_block_keeps_the_old_file",
)


class atomic_write:
    def __init__(self, path, mode="wb", *, encoding=None, newline=None):
        self.target = os.path.realpath(path)
        self.folder = os.path.dirname(self.target)
        self.options = {"mode": mode, "encoding": encoding, "newline": newline}

    def __enter__(self):
        descriptor, self.temporary = tempfile.mkstemp(dir=self.folder)
        self.file = open(descriptor, **self.options)
        return self.file

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.file.flush()
                os.chmod(self.temporary, bits(self.target))
                os.fsync(self.file.fileno())
            self.file.close()
            if kind is None:
                os.replace(self.temporary, self.target)
        except BaseException:
            os.unlink(self.temporary)
            raise
        if kind is not None:
            os.unlink(self.temporary)
            return True
        sync_folder(self.folder)
        return False


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
