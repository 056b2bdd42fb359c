"""Watch and break the system calls by which a program changes files.

Rule: whichever way the program writes (``open``, ``os.write``, ``pathlib``, ``tempfile``, ``shutil``), the same few
calls are seen, before they happen; a hook may let them pass, fail them, shorten them or kill the process.
For one thread. Calls made by compiled extensions are not seen.
"""

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Inode = tuple[int, int]
_TAKES_DESCRIPTOR = ("write", "fsync", "fdatasync", "ftruncate")
_TAKES_ONE_PATH = ("open", "unlink", "remove", "truncate")
_TAKES_TWO_PATHS = ("rename", "replace", "link")
# Every call that is watched.
CALLS = (*_TAKES_DESCRIPTOR, *_TAKES_ONE_PATH, *_TAKES_TWO_PATHS)
_real_open = io.open
_RealFileIO = io.FileIO


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that is about to happen.

    Attributes:
        name: ``open`` (for writing), ``write``, ``fsync``, ``fdatasync``, ``sync``, ``rename``, ``replace``, ``link``,
            ``unlink``, ``remove``, ``truncate`` or ``ftruncate``.
        path: The path it names, or an empty text where it names a descriptor.
        target: Where a rename or link leads, else empty.
        inode: Device and inode of the file (for a rename: of what is renamed), or None where there is none yet.
        folder: Device and inode of the folder that a rename or link changes, else None.
        size: Bytes of a write, else 0.
    """

    name: str
    path: str = ""
    target: str = ""
    inode: Inode | None = None
    folder: Inode | None = None
    size: int = 0


Hook = Callable[[Call], int | None]
"""Sees a call before it happens. Raising makes the call fail; a number shortens a write to so many bytes."""


@contextmanager
def system_calls(hook: Hook | None = None, *, subject: ModuleType | None = None) -> Iterator[list[Call]]:
    """Record the file-changing calls of this process while the block runs, and let ``hook`` break them.

    Args:
        hook: What to do at each call; None lets all pass.
        subject: The module under test: names that it bound with ``from os import replace`` are watched too.

    Yields:
        The calls so far, in order. A call that the hook failed is among them.
    """
    calls: list[Call] = []

    def see(call: Call) -> int | None:
        calls.append(call)
        return hook(call) if hook is not None else None

    swaps = list(_swaps(see, subject))
    for owner, name, _, replacement in swaps:
        setattr(owner, name, replacement)
    try:
        yield calls
    finally:
        for owner, name, original, _ in swaps:
            setattr(owner, name, original)


Swap = tuple[ModuleType | type, str, Any, Any]


def _swaps(see: Hook, subject: ModuleType | None) -> Iterator[Swap]:
    file_io = _watched_file(see)
    replacements: dict[Any, Any] = {_real_open: _watched_open(file_io), _RealFileIO: file_io}
    for name in (*_TAKES_DESCRIPTOR, *_TAKES_ONE_PATH, *_TAKES_TWO_PATHS, "sync"):
        if (original := getattr(os, name, None)) is not None:
            replacements[original] = _watched(name, original, see)
    places: list[ModuleType] = [os, io, builtins, sys.modules["_io"]]
    if (
        sys.platform == "darwin"
    ):  # pragma: no cover - where fsync stops at the drive's cache, and careful programs ask for more
        import fcntl

        replacements[fcntl.fcntl] = _watched_fcntl(fcntl.fcntl, fcntl.F_FULLFSYNC, see)
        places.append(fcntl)
    if subject is not None:
        inner = f"{subject.__name__}."
        places += [subject, *(module for name, module in list(sys.modules.items()) if name.startswith(inner))]
    for place in places:
        for name, value in list(vars(place).items()):
            with suppress(TypeError):  # unhashable values are none of ours
                if value in replacements:
                    yield place, name, value, replacements[value]
    # A program's own kind of raw file was made from the real one, before anybody watched.
    for kind in _RealFileIO.__subclasses__():
        if kind.__module__ != __name__:
            bases = tuple(file_io if base is _RealFileIO else base for base in kind.__bases__)
            yield kind, "__bases__", kind.__bases__, bases


def _watched(name: str, original: Callable[..., Any], see: Hook) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        described = _describe(name, arguments, options)
        limit = see(described) if described is not None else None
        if limit is not None and name == "write":
            arguments = (arguments[0], memoryview(arguments[1]).cast("B")[:limit])
        return original(*arguments, **options)

    return call


def _watched_fcntl(  # pragma: no cover - macOS
    original: Callable[..., Any], full_sync: int, see: Hook
) -> Callable[..., Any]:
    def call(descriptor: Any, command: int, *argument: Any) -> Any:
        if command == full_sync:
            see(Call("fsync", inode=_inode_of(descriptor)))
        return original(descriptor, command, *argument)

    return call


def _describe(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Call | None:
    if name in _TAKES_DESCRIPTOR:
        size = memoryview(arguments[1]).nbytes if name == "write" else 0
        return Call(name, inode=_inode_of(arguments[0]), size=size)
    if name in _TAKES_TWO_PATHS:
        source, target = (*arguments, options.get("src"), options.get("dst"))[:2]
        parent = os.path.dirname(os.path.abspath(target))
        folder = _inode_of(options.get("dst_dir_fd") if options.get("dst_dir_fd") is not None else parent)
        inode = _inode_of(source, options.get("src_dir_fd"))
        return Call(name, os.path.abspath(source), os.path.abspath(target), inode, folder)
    if name in _TAKES_ONE_PATH:
        path = arguments[0] if arguments else options["path"]
        if name == "open" and not (arguments[1] if len(arguments) > 1 else options["flags"]) & _WRITING:
            return None
        inode = _inode_of(path, options.get("dir_fd"))
        return Call(name, "" if isinstance(path, int) else os.path.abspath(os.fsdecode(path)), inode=inode)
    return Call(name)


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _inode_of(file: Any, folder: int | None = None) -> Inode | None:
    try:
        descriptor = file.fileno() if hasattr(file, "fileno") else file
        if isinstance(descriptor, int):
            found = os.fstat(descriptor)
        else:
            found = os.stat(descriptor, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _watched_file(see: Hook) -> type[io.FileIO]:
    class WatchedFile(_RealFileIO):
        """The raw file under every ``open``, with its writes seen."""

        def write(self, data: Any, /) -> int:
            view = memoryview(data).cast("B")
            limit = see(Call("write", inode=_inode_of(self.fileno()), size=view.nbytes))
            return super().write(view if limit is None else view[:limit])

        def truncate(self, size: int | None = None, /) -> int:
            see(Call("ftruncate", inode=_inode_of(self.fileno())))
            return super().truncate(size)

    return WatchedFile


def _watched_open(file_io: type[io.FileIO]) -> Callable[..., Any]:
    def watched_open(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wax+"):
            return _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        # Without an opener FileIO calls the system itself, past os.open.
        raw = file_io(
            file,
            mode.replace("b", "").replace("t", ""),
            closefd,
            opener or (lambda path, flags: os.open(path, flags, 0o666)),
        )
        if buffering == 0:
            return raw
        buffer_bytes = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        buffered: Any = io.BufferedRandom(raw, buffer_bytes) if "+" in mode else io.BufferedWriter(raw, buffer_bytes)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
        text.mode = mode  # type: ignore[misc]
        return text

    return watched_open
