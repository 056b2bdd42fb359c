"""The contract of ``atomic_write``: a reader sees the old file or the new one, never half, and never nothing.

The subject offers ``atomic_write(path, mode="wb", *, encoding=None, newline=None)``, a context manager that gives a
file to write to; the path has the new content when the block has ended well.
SIGKILL cannot show a missing fsync, because the page cache outlives the process: two checks read the order of the
system calls instead.
"""

import errno
import os
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._faults import failing, full_disk, separate_disks, short_writes
from groundwork.testing._lab import Lab
from groundwork.testing._system_calls import Call
from groundwork.testing.contracts._expect import expect_bits, expect_content, expect_names
from groundwork.testing.contracts._replacing import (
    NEW,
    OLD,
    expect_error,
    expect_whole,
    inode_of,
    interrupted_by,
    old_file,
    publishing,
    save_over_the_old,
    syncs,
    write_new,
)

CONTRACT = Contract("storage/atomic_write")

_POSIX_BITS = "permission bits are POSIX's"
_POSIX_LINKS = "symbolic links need a privilege there"
_POSIX_FOLDERS = "folders cannot be synced there"
_POSIX_KILL = "the kills need fork and SIGKILL"


@CONTRACT.check(
    Level.BASIC,
    rule="After the block, the path holds exactly the bytes that were written.",
    why="Everything else is about when; this is about what.",
    hint="Yield an open binary file; when the block has ended, see that the path has its content.",
)
def writes_the_bytes(subject: Any, lab: Lab) -> None:
    """Bytes of every value, written in several pieces, arrive in order."""
    path = lab.folder / "model.bin"
    pieces = [bytes(range(256)), b"", lab.random.randbytes(100_000), b"\r\n\x00"]
    with subject.atomic_write(path, "wb") as file:
        for piece in pieces:
            file.write(piece)
    expect_content(path, b"".join(pieces), "after the block")
    with subject.atomic_write(str(lab.folder / "plain")) as file:
        file.write(b"default mode")
    expect_content(lab.folder / "plain", b"default mode", "after a block with the path as text and no mode")


@CONTRACT.check(
    Level.BASIC,
    rule="A file that is there already is replaced as a whole.",
    why="Checkpoints, progress and configuration are written to one path again and again.",
    hint="os.replace overwrites on every system; os.rename and os.link do not.",
    after=["writes_the_bytes"],
)
def replaces_the_old_file(subject: Any, lab: Lab) -> None:
    """A shorter content leaves no tail of the longer one."""
    path = old_file(lab.folder)
    with subject.atomic_write(path, "wb") as file:
        file.write(b"short")
    expect_content(path, b"short", "after replacing a longer file")


@CONTRACT.check(
    Level.BASIC,
    rule="Mode w takes text, in the encoding and with the line ends asked for.",
    why="JSON and YAML are text; with a default that depends on the machine, they break on the next one.",
    hint="Pass encoding and newline on to the open call.",
    after=["writes_the_bytes"],
)
def writes_text(subject: Any, lab: Lab) -> None:
    """Text outside ASCII and both line ends."""
    for newline, stored in (("\n", "naïve\nπ ≈ 3\n"), ("\r\n", "naïve\r\nπ ≈ 3\r\n")):
        path = lab.folder / f"notes-{len(newline)}.txt"
        with subject.atomic_write(path, "w", encoding="utf-8", newline=newline) as file:
            file.write("naïve\nπ ≈ 3\n")
        expect_content(path, stored.encode(), f"in mode w with newline={newline!r}")


@CONTRACT.check(
    Level.BASIC,
    rule="While the block runs, readers see the old file.",
    why="A server that loads the model in that moment gets half of it.",
    hint="Do not open the target for writing; write beside it.",
    after=["replaces_the_old_file"],
)
def readers_see_the_old_file_until_the_end(subject: Any, lab: Lab) -> None:
    """Written and flushed, but not yet published."""
    path = old_file(lab.folder)
    with subject.atomic_write(path, "wb") as file:
        for piece in NEW:
            file.write(piece)
        file.flush()
        expect_content(path, OLD, "for a reader inside the block")


@CONTRACT.check(
    Level.BASIC,
    rule="The folder holds the file and nothing more afterwards.",
    why="Left-over temporary files and backups fill disks and are picked up by globs.",
    hint="Rename the temporary file instead of copying it; keep no backup.",
    after=["replaces_the_old_file"],
)
def leaves_nothing_behind(subject: Any, lab: Lab) -> None:
    """One new file, one replaced file."""
    path = old_file(lab.folder)
    with subject.atomic_write(path, "wb") as file:
        file.write(b"new")
    with subject.atomic_write(lab.folder / "second", "wb") as file:
        file.write(b"second")
    expect_names(lab.folder, [path.name, "second"], "after two successful writes")


@CONTRACT.check(
    Level.EDGE,
    rule="A path without a folder is a file in the current folder.",
    why="os.path.dirname('result.json') is an empty text, and opening an empty path fails.",
    hint="What is the folder of a path that is only a name?",
    after=["writes_the_bytes"],
)
def accepts_a_bare_name(subject: Any, lab: Lab) -> None:
    """As text and as a path."""
    with lab.working_folder():
        for name in ("bare", Path("bare.path")):
            with subject.atomic_write(name, "wb") as file:
                file.write(b"here")
            expect_content(lab.folder / name, b"here", f"after writing to {name!r} in the current folder")


@CONTRACT.check(
    Level.EDGE,
    rule="A replaced file keeps its permission bits.",
    why="mkstemp makes 0600: the server, which runs as another user, can no longer read its model.",
    hint="Give the temporary file the old file's mode before the rename.",
    after=["replaces_the_old_file"],
    posix=_POSIX_BITS,
)
def keeps_the_permission_bits(subject: Any, lab: Lab) -> None:
    """Bits stricter and looser than any usual default, under a strict umask."""
    for bits in (0o640, 0o664):
        path = old_file(lab.folder)
        path.chmod(bits)
        with lab.umask(0o077), subject.atomic_write(path, "wb") as file:
            file.write(b"new")
        expect_bits(path, bits, f"after replacing a file of mode {bits:04o}")


@CONTRACT.check(
    Level.EDGE,
    rule="A new file gets the permission bits that open() would give it.",
    why="The umask is how an administrator says who may read; a private temporary file ignores it.",
    hint="Create the temporary file with mode 0666 and let the umask take bits away.",
    after=["writes_the_bytes"],
    posix=_POSIX_BITS,
)
def new_files_follow_the_umask(subject: Any, lab: Lab) -> None:
    """Two umasks."""
    for mask in (0o022, 0o027):
        path = lab.folder / f"new-{mask:o}"
        with lab.umask(mask), subject.atomic_write(path, "wb") as file:
            file.write(b"new")
        expect_bits(path, 0o666 & ~mask, f"on a new file under umask {mask:03o}")


@CONTRACT.check(
    Level.EDGE,
    rule="A symbolic link stays a link, and the file that it leads to is replaced.",
    why="Deployments switch 'current' by a link; a write that turns it into a file forks the data.",
    hint="Find out where the path leads before you choose the folder of the temporary file.",
    after=["replaces_the_old_file"],
    posix=_POSIX_LINKS,
)
def writes_through_a_symbolic_link(subject: Any, lab: Lab) -> None:
    """A link from another folder."""
    (lab.folder / "real").mkdir()
    path = old_file(lab.folder / "real")
    link = lab.folder / "current"
    link.symlink_to(path)
    with subject.atomic_write(link, "wb") as file:
        file.write(b"new")
    if not link.is_symlink():
        raise ContractBroken("the symbolic link became an ordinary file; expected it to stay a link")
    expect_content(path, b"new", "in the file that the link leads to")


@CONTRACT.check(
    Level.EDGE,
    rule="It works where the temporary folder is on another disk, and the target is not written in place there.",
    why="A rename cannot cross disks (EXDEV), and what falls back to copying, as shutil.move does, is not atomic.",
    hint="Which folder is surely on the same disk as the target?",
    after=["replaces_the_old_file"],
)
def needs_no_other_disk(subject: Any, lab: Lab) -> None:
    """Every rename from one folder to another fails."""
    path = old_file(lab.folder)
    with (
        lab.system_calls(separate_disks(), subject=subject) as calls,
        subject.atomic_write(path, "wb") as file,
    ):
        file.write(b"new")
    if any(call.name in ("open", "truncate") and call.path == str(path) for call in calls):
        raise ContractBroken("the target itself was opened for writing when no file could be moved across disks")
    expect_content(path, b"new", "where no file can be moved across disks")


@CONTRACT.check(
    Level.EDGE,
    rule="Two writers of one path at the same time do not mix: each publishes its own content, whole.",
    why="Two runs save 'latest' at the same instant; with one name for the temporary file they write into each other.",
    hint="Give every writer a temporary file of its own (O_EXCL).",
    after=["leaves_nothing_behind"],
)
def two_writers_do_not_mix(subject: Any, lab: Lab) -> None:
    """A second write begins and ends while the first is going on."""
    path = old_file(lab.folder)
    with subject.atomic_write(path, "wb") as first:
        first.write(NEW[0])
        with subject.atomic_write(path, "wb") as second:
            second.write(NEW[1])
        expect_content(path, NEW[1], "when the second of two writers has ended")
        first.write(NEW[2])
    expect_content(path, NEW[0] + NEW[2], "when the first of two writers has ended too")
    expect_names(lab.folder, [path.name], "after two writers at once")


@CONTRACT.check(
    Level.FAULT,
    rule="An error in the block goes through, leaves the old file whole, and leaves nothing else.",
    why="Saving a model fails half-way on the first unserialisable field; the good one must survive.",
    hint="Publish only when the block ended without an error; otherwise remove the temporary file.",
    after=["readers_see_the_old_file_until_the_end", "leaves_nothing_behind"],
)
def an_error_in_the_block_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """With an old file, and without one."""
    interrupted_by(RuntimeError("cannot serialise"), subject, lab.folder)


@CONTRACT.check(
    Level.FAULT,
    rule="Ctrl-C in the block is treated as any other error: old file whole, nothing left, and it goes on.",
    why="KeyboardInterrupt and CancelledError are no Exceptions: 'except Exception' does not clean up after them.",
    hint="Clean up for every BaseException, then let it go on.",
    after=["an_error_in_the_block_keeps_the_old_file"],
)
def ctrl_c_cleans_up_too(subject: Any, lab: Lab) -> None:
    """KeyboardInterrupt, with an old file and without one."""
    interrupted_by(KeyboardInterrupt(), subject, lab.folder)


@CONTRACT.check(
    Level.FAULT,
    rule="A full disk is an error, the old file stays whole, and the half-written one is removed.",
    why="Disks fill up while checkpoints are written; the last good one is then worth the most.",
    hint="Errors also come from flush and close: they belong inside what you clean up after.",
    after=["an_error_in_the_block_keeps_the_old_file"],
)
def a_full_disk_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """Full from the start, full half-way, and full only when a small content is flushed."""
    for pieces, free in ((NEW, 0), (NEW, 100_000), ((b"small",), 0)):
        path = old_file(lab.folder)
        when = f"the disk had room for {free:,} of {sum(map(len, pieces)):,} bytes"
        with expect_error(errno.ENOSPC, when, full_disk(free), subject, lab):
            write_new(subject, path, pieces)
        expect_content(path, OLD, f"when {when}")
        expect_names(lab.folder, [path.name], f"when {when}")


@CONTRACT.check(
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


@CONTRACT.check(
    Level.CRASH,
    rule="The data are synced to the disk before the rename.",
    why="Some file systems write the rename first: after a power cut the new name leads to an empty file.",
    hint="flush, then os.fsync of the temporary file, then the rename.",
    after=["replaces_the_old_file"],
)
def the_data_are_synced_before_the_rename(subject: Any, lab: Lab) -> None:
    """Read from the order of the system calls."""
    path = old_file(lab.folder)
    with lab.system_calls(subject=subject) as calls:
        write_new(subject, path)
    renamed = publishing(calls, path)
    last_write = max((nth for nth, call in enumerate(calls) if call.name in ("write", "ftruncate")), default=-1)
    if last_write > renamed:
        raise ContractBroken("data were written after the rename; expected the rename to come last")
    source = calls[renamed].inode
    between = calls[last_write + 1 : renamed]
    if not any(syncs(call, source) for call in between):
        raise ContractBroken("the file was not synced between the last write and the rename; expected os.fsync there")


@CONTRACT.check(
    Level.CRASH,
    rule="The folder is synced after the rename.",
    why="The rename itself lives in the folder; unsynced, it may be gone after a power cut although we said 'saved'.",
    hint="Open the folder read-only and os.fsync its descriptor.",
    after=["replaces_the_old_file"],
    posix=_POSIX_FOLDERS,
)
def the_folder_is_synced_after_the_rename(subject: Any, lab: Lab) -> None:
    """Read from the order of the system calls."""
    path = old_file(lab.folder)
    with lab.system_calls(subject=subject) as calls:
        write_new(subject, path)
    renamed = publishing(calls, path)
    if not any(syncs(call, calls[renamed].folder) for call in calls[renamed + 1 :]):
        raise ContractBroken("the folder was not synced after the rename; expected os.fsync of the folder")


@CONTRACT.check(
    Level.FAULT,
    rule="A sync that fails is an error, the old file stays whole, and nothing else is left.",
    why="After a failed fsync the kernel forgets the data; a second fsync then succeeds and has saved nothing.",
    hint="Treat a failed fsync like a failed write. Never try it again on the same file.",
    after=["an_error_in_the_block_keeps_the_old_file", "the_data_are_synced_before_the_rename"],
)
def a_failed_sync_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """EIO at the first sync of the data; a second one would succeed, as on Linux."""
    path = old_file(lab.folder)
    broken = failing("fsync", "fdatasync", "sync", error=errno.EIO, spare=inode_of(lab.folder))
    with expect_error(errno.EIO, "fsync failed", broken, subject, lab):
        write_new(subject, path)
    expect_content(path, OLD, "when fsync failed")
    expect_names(lab.folder, [path.name], "when fsync failed")


@CONTRACT.check(
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


@CONTRACT.check(
    Level.FAULT,
    rule="A rename that fails is an error, the old file stays whole, and the temporary file is removed.",
    why="Read-only folders, locked files and quotas fail at the very last step.",
    hint="The rename belongs inside what you clean up after.",
    after=["an_error_in_the_block_keeps_the_old_file"],
)
def a_failed_rename_keeps_the_old_file(subject: Any, lab: Lab) -> None:
    """EACCES at every rename."""
    path = old_file(lab.folder)
    refused = failing("rename", "replace", "link", error=errno.EACCES, lasting=True)
    with expect_error(errno.EACCES, "the rename was refused", refused, subject, lab):
        write_new(subject, path)
    expect_content(path, OLD, "when the rename was refused")
    expect_names(lab.folder, [path.name], "when the rename was refused")


@CONTRACT.check(
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
