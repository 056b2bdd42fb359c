"""The contract of ``atomic_write``, on a good day: what is written, odd paths, permissions, two writers.

The subject offers ``atomic_write(path, mode="wb", *, encoding=None, newline=None)``, a context manager that gives a
file to write to; the path has the new content when the block has ended well.
"""

from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._faults import separate_disks
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._expect import expect_bits, expect_content, expect_names
from groundwork.testing.contracts._replacing import NEW, OLD, old_file

CHECKS = Contract("storage/atomic_write")

_POSIX_BITS = "permission bits are POSIX's"
_POSIX_LINKS = "symbolic links need a privilege there"


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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


@CHECKS.check(
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
