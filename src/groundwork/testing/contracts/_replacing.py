"""The scenes of the contract of ``atomic_write``: an old model is replaced by a new one, and something goes wrong."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._lab import Lab
from groundwork.testing._system_calls import Call, Hook, Inode
from groundwork.testing.contracts._expect import expect_content, expect_names, sketch

OLD = b"old " * 1000
NEW = (b"a" * 65_536, b"b" * 65_536, b"the end")  # two pieces past any buffer, one that stays in it


def old_file(folder: Path) -> Path:
    """Put the old model into a folder, as it is before each scene."""
    path = folder / "model.bin"
    path.write_bytes(OLD)
    return path


def write_new(subject: Any, path: Path, pieces: Iterable[bytes] = NEW) -> None:
    """Write a new content through the subject, piece by piece."""
    with subject.atomic_write(path, "wb") as file:
        for piece in pieces:
            file.write(piece)


def save_over_the_old(subject: Any, folder: Path) -> None:
    """The scene of the kills: a new model replaces the old one."""
    write_new(subject, folder / "model.bin")


def interrupted_by(error: BaseException, subject: Any, folder: Path) -> None:
    """Break the contract unless an error in the block goes through, with nothing changed and nothing left."""
    path = old_file(folder)
    name = type(error).__name__
    for target, names in ((path, [path.name]), (folder / "other", [path.name])):
        try:
            with subject.atomic_write(target, "wb") as file:
                file.write(NEW[0])
                file.flush()
                raise error
        except BaseException as seen:
            if seen is not error:
                raise
        else:
            raise ContractBroken(f"the {name} of the block vanished; expected it to go through")
        expect_content(path, OLD, f"after a {name} in the block")
        expect_names(folder, names, f"after a {name} in the block")


@contextmanager
def expect_error(number: int, when: str, hook: Hook, subject: Any, lab: Lab) -> Iterator[None]:
    """Break the contract unless the faulty block raises this errno, itself or as a cause."""
    try:
        with lab.system_calls(hook, subject=subject):
            yield
    except Exception as error:
        if not _carries(error, number):
            raise
    else:
        raise ContractBroken(f"no error although {when}; expected {errno.errorcode[number]} to be raised")


def expect_kept(number: int, when: str, hook: Hook, subject: Any, lab: Lab, pieces: Iterable[bytes] = NEW) -> None:
    """Break the contract unless a write that meets this fault raises the errno, and leaves the old file alone."""
    path = old_file(lab.folder)
    with expect_error(number, when, hook, subject, lab):
        write_new(subject, path, pieces)
    expect_content(path, OLD, f"when {when}")
    expect_names(lab.folder, [path.name], f"when {when}")


def _carries(error: BaseException | None, number: int) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OSError) and error.errno == number:
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def calls_around_the_rename(subject: Any, lab: Lab) -> tuple[list[Call], Call, list[Call]]:
    """Replace the old file; return the calls before the one that moves the new file over it, that one, those after."""
    path = old_file(lab.folder)
    with lab.system_calls(subject=subject) as calls:
        write_new(subject, path)
    for nth, call in enumerate(calls):
        if call.name in ("rename", "replace") and call.target == str(path):
            return calls[:nth], call, calls[nth + 1 :]
    raise ContractBroken(f"no rename to {path.name} was seen; expected the new file to be moved over the old one")


def syncs(call: Call, inode: Inode | None) -> bool:
    """Say whether a call makes the file or folder durable."""
    return call.name == "sync" or (call.name in ("fsync", "fdatasync") and call.inode == inode)


def inode_of(path: Path) -> Inode:
    """Identify a file or folder as the calls do."""
    found = path.stat()
    return found.st_dev, found.st_ino


def expect_whole(path: Path, when: str) -> None:
    """Break the contract unless the path holds the old content or the new one."""
    found = path.read_bytes() if path.is_file() else None
    if found not in (OLD, b"".join(NEW)):
        seen = "is gone" if found is None else f"holds {sketch(found)}"
        raise ContractBroken(f"{path.name} {seen} {when}; expected the old {len(OLD):,} bytes or the new ones, whole")
