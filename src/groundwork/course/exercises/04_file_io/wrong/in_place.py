"""Opens the target itself: readers, crashes and errors all see half a file."""

import contextlib
import os

FAILS = (
    "readers_see_the_old_file_until_the_end",
    "needs_no_other_disk",
    "two_writers_do_not_mix",
    "the_data_are_synced_before_the_rename",
    "the_folder_is_synced_after_the_rename",
)


@contextlib.contextmanager
def atomic_write(path, mode="wb", *, encoding=None, newline=None):
    with open(path, mode, encoding=encoding, newline=newline) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
