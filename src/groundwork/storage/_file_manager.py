"""A folder of files that no name and no link leads out of.

Rule: every call checks the name, then where its links lead at that moment; what leads out is refused, never followed.
Against someone who changes the folder within the same microseconds only the system's own permissions help.
"""

import builtins
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path, PurePath
from typing import Any

from groundwork.errors import (
    DurabilityUnknownError,
    InvalidDataError,
    PathEscapeError,
    StorageError,
    UnsupportedFormatError,
    UsageError,
)
from groundwork.storage._atomic import atomic_write
from groundwork.storage._durable import sync_folder
from groundwork.storage._faults import storage_error, told_as_storage_error
from groundwork.storage._formats import read, write
from groundwork.storage._hash import sha256
from groundwork.storage._names import checked_parts, checked_pattern, matches

_MAGIC = frozenset("*?[")
_TEXT = (".txt", ".md")


@dataclass(frozen=True)
class FileInfo:
    """One file of a ``FileManager``, as it was when it was asked for.

    Attributes:
        name: What ``load`` takes.
        size: In bytes.
        modified: UTC, as ``2026-11-22T18:00:00.123456+00:00``.
    """

    name: str
    size: int
    modified: str
    _path: Path = field(repr=False, compare=False)

    def sha256(self) -> str:
        """Compute the SHA-256 of the file as it is now: one pass over its bytes.

        Returns:
            64 lower-case hexadecimal digits.

        Raises:
            StorageError: The file is gone or cannot be read.
        """
        return sha256(self._path)


class FileManager:
    """Values saved and loaded by name below one folder.

    A name is relative, with ``/`` between its parts, and works on every system: ``..``, absolute names, backslashes,
    colons, control characters, Windows device names and parts that end with a dot or a space are refused, everywhere.
    A symbolic link is followed as long as it leads to a place below the folder.

    Args:
        root: The folder; made at the first save. Its own links are followed once, now.

    Raises:
        UsageError: It is not a folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.realpath(root))
        if self.root.exists() and not self.root.is_dir():
            raise UsageError(f"{self.root} is not a folder", hint="name a folder, or one that does not exist yet")

    def path(self, name: str | os.PathLike[str]) -> Path:
        """Where a file of this name is or would be, to hand it to another library.

        Args:
            name: As ``models/a.json``.

        Returns:
            The absolute path, below the root, with the links of its folders followed.

        Raises:
            PathEscapeError: It leads out of the root, or could on some system.
        """
        path = self._place(name)
        self._check_below(os.path.realpath(path), name)
        return path

    def save(self, name: str | os.PathLike[str], value: Any, **options: Any) -> FileInfo:
        """Write a value, atomically, in the format of the name's suffix.

        Args:
            name: As ``models/a.json``; missing folders are made.
            value: What ``write`` takes for the suffix. Where it has no format: str for ``.txt`` and ``.md``, else
                bytes, written as they are.
            **options: For ``write``; without a format only ``durable``.

        Returns:
            The file's name, size and time.

        Raises:
            PathEscapeError: The name leads out of the root.
            UsageError: The value does not fit the suffix.
            StorageError: The system refused; the old file is untouched.
        """
        path = self.path(name)
        try:
            write(path, value, **options)
        except UnsupportedFormatError as error:
            _write_plain(path, value, error, **options)
        return self.info(name)

    def load(self, name: str | os.PathLike[str], **options: Any) -> Any:
        """Read what was saved.

        Args:
            name: As ``models/a.json``.
            **options: For ``read``; none without a format.

        Returns:
            What ``read`` gives for the suffix. Where it has no format: str for ``.txt`` and ``.md``, else bytes.

        Raises:
            PathEscapeError: The name leads out of the root.
            InvalidDataError: The file is damaged or not of its format.
            StorageError: The file is missing or cannot be read.
            UsageError: It is not a plain file.
        """
        path = self.path(name)
        self._status(path)  # a pipe would be waited for
        try:
            return read(path, **options)
        except UnsupportedFormatError as error:
            return _read_plain(path, error, **options)

    def info(self, name: str | os.PathLike[str]) -> FileInfo:
        """Size and time of a file; its SHA-256 when asked for.

        Args:
            name: As ``models/a.json``.

        Returns:
            What is known of it.

        Raises:
            PathEscapeError: The name leads out of the root.
            StorageError: The file is missing.
            UsageError: It is not a plain file.
        """
        path = self.path(name)
        return _info(_text(name), path, self._status(path))

    def list(self, pattern: str = "**/*") -> builtins.list[FileInfo]:
        """The plain files whose names match, in the order of their names.

        Args:
            pattern: As ``models/*.json``; ``**`` stands for any number of folders. Links to folders are entered only
                where the pattern spells them out.

        Returns:
            Only what ``load`` would take: no unfinished writes, nothing that leads out of the root, and no file that
            others put there under a name refused here.

        Raises:
            PathEscapeError: The pattern leads out of the root.
            StorageError: A folder cannot be read.
        """
        wanted = checked_pattern(pattern)
        start = list(takewhile(lambda part: not _MAGIC.intersection(part), wanted[:-1]))
        found = (self._found(parts) for parts in self._walk(tuple(start)) if matches(parts, wanted))
        return sorted((each for each in found if each is not None), key=lambda each: each.name)

    def delete(self, name: str | os.PathLike[str]) -> None:
        """Remove a file; of a symbolic link, the link alone. It stays removed after a power cut.

        Args:
            name: As ``models/a.json``.

        Raises:
            PathEscapeError: The name leads out of the root.
            StorageError: The file is missing or cannot be removed.
            DurabilityUnknownError: It is removed, but may come back after a power cut.
            UsageError: It is a folder.
        """
        path = self._place(name)
        with told_as_storage_error(path, "cannot delete"):
            if stat.S_ISDIR(os.lstat(path).st_mode):
                raise UsageError(f"{path} is a folder", hint="delete its files")
            os.unlink(path)
        try:
            sync_folder(path.parent)
        except OSError as error:
            doing = "the file is removed, but may come back after a power cut"
            raise storage_error(error, path, doing, DurabilityUnknownError) from error

    def _place(self, name: str | os.PathLike[str]) -> Path:
        *folders, last = checked_parts(_text(name))
        folder = os.path.realpath(self.root.joinpath(*folders))
        if folders:
            self._check_below(folder, name)
        return Path(folder, last)

    def _check_below(self, place: str, name: object) -> None:
        if self.root not in Path(place).parents and self.root != Path(place):
            raise PathEscapeError(
                f"a link leads the name {str(name)!r} out of {self.root}, to {place}",
                hint="remove the link, or make a FileManager of the folder that it leads to",
            )

    def _status(self, path: Path) -> os.stat_result:
        with told_as_storage_error(path, "cannot read"):
            status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is not a plain file", hint="name a file")
        return status

    def _walk(self, start: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The parts of the name of everything below a folder that is not a folder itself."""
        self._check_below(os.path.realpath(self.root.joinpath(*start)), "/".join(start))
        waiting = [start]
        while waiting:
            parts = waiting.pop()
            folder = self.root.joinpath(*parts)
            try:
                with told_as_storage_error(folder, "cannot list"), os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((*parts, entry.name))
                        else:
                            yield (*parts, entry.name)
            except StorageError as error:
                if not isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                    raise

    def _found(self, parts: tuple[str, ...]) -> FileInfo | None:
        name = "/".join(parts)
        try:
            return self.info(name)
        except (UsageError, StorageError):  # refused, leads out, a pipe, or gone meanwhile
            return None


def _text(name: str | os.PathLike[str]) -> str:
    return name if isinstance(name, str) else PurePath(name).as_posix()


def _info(name: str, path: Path, status: os.stat_result) -> FileInfo:
    modified = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="microseconds")
    return FileInfo(name, status.st_size, modified, path)


def _write_plain(path: Path, value: Any, unsupported: UnsupportedFormatError, *, durable: bool = True) -> None:
    if path.suffix.lower() in _TEXT:
        if not isinstance(value, str):
            raise UsageError(f"{path}: text takes str, not {type(value).__name__}", hint="give str") from unsupported
        value = value.encode()
    elif not isinstance(value, bytes | bytearray | memoryview):
        raise unsupported
    with atomic_write(path, durable=durable) as file:
        file.write(value)


def _read_plain(path: Path, unsupported: UnsupportedFormatError, **options: Any) -> str | bytes:
    if options:
        raise unsupported
    with told_as_storage_error(path, "cannot read"):
        data = path.read_bytes()
    if path.suffix.lower() not in _TEXT:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"{path}, byte {error.start}: not UTF-8", hint="save it again as UTF-8, or under another suffix"
        ) from error
