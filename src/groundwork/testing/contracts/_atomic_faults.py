"""The contract of ``atomic_write``, when something goes wrong: an old file or a new one, never half, never nothing.

SIGKILL cannot show a missing fsync, because the page cache outlives the process: two checks read the order of the
system calls instead.
"""

import errno
import os
from itertools import takewhile
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._faults import failing, full_disk, short_writes
from groundwork.testing._lab import Lab
from groundwork.testing._system_calls import Call
from groundwork.testing.contracts._atomic_write import CHECKS as CHECKS
from groundwork.testing.contracts._expect import expect_content
from groundwork.testing.contracts._replacing import (
    NEW,
    calls_around_the_rename,
    expect_error,
    expect_kept,
    expect_whole,
    inode_of,
    interrupted_by,
    old_file,
    save_over_the_old,
    syncs,
    write_new,
)

WRITES = ("write", "ftruncate")
_POSIX_FOLDERS = "folders cannot be synced there"
_POSIX_KILL = "the kills need fork and SIGKILL"


@CHECKS.check(
    Level.FAULT,
    rule="An error in the block goes through, leaves the old file whole, and leaves nothing else.",
    why="Saving a model fails half-way on the first unserialisable field; the good one must survive.",
    hint="Publish only when the block ended without an error; otherwise remove the temporary file.",
    after=["readers_see_the_old_file_until_the_end", "leaves_nothing_behind"],
)
def an_error_in_the_block_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """With an old file, and without one."""
    interrupted_by(RuntimeError("cannot serialise"), subject, lab.folder)


@CHECKS.check(
    Level.FAULT,
    rule="Ctrl-C in the block is treated as any other error: old file whole, nothing left, and it goes on.",
    why="KeyboardInterrupt and CancelledError are no Exceptions: 'except Exception' does not clean up after them.",
    hint="Clean up for every BaseException, then let it go on.",
    after=["an_error_in_the_block_keeps_the_old_file"],
)
def ctrl_c_cleans_up_too(subject: Any, lab: Lab) -> None:
    """KeyboardInterrupt, with an old file and without one."""
    interrupted_by(KeyboardInterrupt(), subject, lab.folder)


@CHECKS.check(
    Level.FAULT,
    rule="A full disk is an error, the old file stays whole, and the half-written one is removed.",
    why="Disks fill up while checkpoints are written; the last good one is then worth the most.",
    hint="Errors also come from flush and close: they belong inside what you clean up after.",
    after=["an_error_in_the_block_keeps_the_old_file"],
)
def a_full_disk_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """Full from the start, full half-way, and full only when a small content is flushed."""
    for pieces, free in ((NEW, 0), (NEW, 100_000), ((b"small",), 0)):
        when = f"the disk had room for {free:,} of {sum(map(len, pieces)):,} bytes"
        expect_kept(errno.ENOSPC, when, full_disk(free), subject, lab, pieces)


@CHECKS.check(
    Level.FAULT,
    rule="A write that takes only some of the bytes is carried on until all are written.",
    why="os.write may write less than asked (a signal, a quota, a network disk) and says so only in its result.",
    hint="Look at what os.write returns, or let a buffered file do it.",
    after=["replaces_the_old_file"],
)
def short_writes_lose_nothing(subject: Any, lab: Lab) -> None:
    """Each write takes 1,000 bytes at most."""
    path = old_file(lab.folder)
    with lab.system_calls(short_writes(1000), subject=subject):
        write_new(subject, path)
    expect_content(path, b"".join(NEW), "when each write takes 1,000 bytes at most")


@CHECKS.check(
    Level.CRASH,
    rule="The data are synced to the disk before the rename.",
    why="Some file systems write the rename first: after a power cut the new name leads to an empty file.",
    hint="flush, then os.fsync of the temporary file, then the rename.",
    after=["replaces_the_old_file"],
)
def the_data_are_synced_before_the_rename(subject: Any, lab: Lab) -> None:
    """Read from the order of the system calls."""
    before, rename, after = calls_around_the_rename(subject, lab)
    if any(call.name in WRITES for call in after):
        raise ContractBroken("data were written after the rename; expected the rename to come last")
    since_written = takewhile(lambda call: call.name not in WRITES, reversed(before))
    if not any(syncs(call, rename.inode) for call in since_written):
        raise ContractBroken("the file was not synced between the last write and the rename; expected os.fsync there")


@CHECKS.check(
    Level.CRASH,
    rule="The folder is synced after the rename.",
    why="The rename itself lives in the folder; unsynced, it may be gone after a power cut although we said 'saved'.",
    hint="Open the folder read-only and os.fsync its descriptor.",
    after=["replaces_the_old_file"],
    posix=_POSIX_FOLDERS,
)
def the_folder_is_synced_after_the_rename(subject: Any, lab: Lab) -> None:
    """Read from the order of the system calls."""
    _, rename, after = calls_around_the_rename(subject, lab)
    if not any(syncs(call, rename.folder) for call in after):
        raise ContractBroken("the folder was not synced after the rename; expected os.fsync of the folder")


@CHECKS.check(
    Level.FAULT,
    rule="A sync that fails is an error, the old file stays whole, and nothing else is left.",
    why="After a failed fsync the kernel forgets the data; a second fsync then succeeds and has saved nothing.",
    hint="Treat a failed fsync like a failed write. Never try it again on the same file.",
    after=["an_error_in_the_block_keeps_the_old_file", "the_data_are_synced_before_the_rename"],
)
def a_failed_sync_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """EIO at the first sync of the data; a second one would succeed, as on Linux."""
    broken = failing("fsync", "fdatasync", "sync", error=errno.EIO, spare=inode_of(lab.folder))
    expect_kept(errno.EIO, "fsync failed", broken, subject, lab)


@CHECKS.check(
    Level.FAULT,
    rule="A sync of the folder that fails is an error, too; the file is then old or new, but whole.",
    why="The caller would take the new file for safe and delete the one before it.",
    hint="Do not hide the error of the second fsync.",
    after=["the_folder_is_synced_after_the_rename"],
    posix=_POSIX_FOLDERS,
)
def a_failed_sync_of_the_folder_is_an_error(subject: Any, lab: Lab) -> None:
    """EIO at the sync of the folder only."""
    path = old_file(lab.folder)
    folder = inode_of(lab.folder)

    def hook(call: Call) -> None:
        if syncs(call, folder):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with expect_error(errno.EIO, "the sync of the folder failed", hook, subject, lab):
        write_new(subject, path)
    expect_whole(path, "when the sync of the folder failed")


@CHECKS.check(
    Level.FAULT,
    rule="A rename that fails is an error, the old file stays whole, and the temporary file is removed.",
    why="Read-only folders, locked files and quotas fail at the very last step.",
    hint="The rename belongs inside what you clean up after.",
    after=["an_error_in_the_block_keeps_the_old_file"],
)
def a_failed_rename_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """EACCES at every rename."""
    refused = failing("rename", "replace", "link", error=errno.EACCES, lasting=True)
    expect_kept(errno.EACCES, "the rename was refused", refused, subject, lab)


@CHECKS.check(
    Level.CRASH,
    rule="Killed at any instant, the path holds the old content or the new one, whole.",
    why="kill -9, the out-of-memory killer and power cuts do not run finally blocks.",
    hint="The rename must be the only instant at which the path changes, and the data must be in the file by then.",
    after=["readers_see_the_old_file_until_the_end"],
    posix=_POSIX_KILL,
)
def killed_anywhere_it_is_old_or_new(subject: Any, lab: Lab) -> None:
    """SIGKILL before each system call that changes a file."""
    count = 0
    for crash in lab.crashes(subject, save_over_the_old, prepare=old_file):
        count += 1
        expect_whole(crash.folder / "model.bin", f"when killed before call {crash.nth}, {crash.before}")
    if count < 3:
        raise ContractBroken(f"only {count} file-changing calls were seen; expected an open, a write and a rename")
