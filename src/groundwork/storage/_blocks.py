"""The bytes of a file, decompressed, a block at a time.

Rule: a file that ends before its format says so is an error that names the file, never a shorter file.
Memory: one block.
"""

import difflib
import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from groundwork.errors import InvalidDataError, StorageError, UnsupportedFormatError

BLOCK = 4 * 2**20

Progress = Callable[[int, int], None]


def check_exists(path: Path) -> None:
    """Refuse a path that is no file.

    Args:
        path: The file.

    Raises:
        StorageError: There is no such file; the hint names the nearest one beside it.
    """
    if path.is_dir():
        raise StorageError(f"{path} is a folder, not a file", hint="name a file", context={"file": str(path)})
    if path.exists():
        return
    siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.4)
    hint = f"did you mean {path.parent / near[0]}?" if near else "check the path"
    if not path.parent.is_dir():
        hint = f"the folder {path.parent} does not exist either"
    raise StorageError(f"{path}: no such file", hint=hint, context={"file": str(path)})


def blocks(path: Path, member: str | None = None, progress: Progress | None = None) -> Iterator[bytes]:
    """Read a plain, .gz, .zst or .zip file.

    Args:
        path: The file; its suffix says how it is compressed.
        member: Which file of a zip; not needed where it holds a single .csv.
        progress: Called after each block with the bytes of the file consumed so far and their total.

    Yields:
        Decompressed bytes, about ``BLOCK`` at a time.

    Raises:
        InvalidDataError: The file is truncated or damaged.
        StorageError: It cannot be read at all.
    """
    total = path.stat().st_size
    try:
        with path.open("rb") as file:
            for block in _decompressed(file, path, member):
                yield block
                if progress is not None:
                    progress(min(file.tell(), total), total)
    except (
        EOFError,
        gzip.BadGzipFile,
        zlib.error,
        zstandard.ZstdError,
        zipfile.BadZipFile,
        NotImplementedError,
    ) as error:
        raise InvalidDataError(
            f"{path.name} is truncated or damaged: {error}",
            hint="fetch or write the file again, and compare its size or checksum with the source",
            context={"file": str(path)},
        ) from error
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}",
            hint="check permissions and the disk",
            context={"file": str(path)},
        ) from error


def _decompressed(file: BinaryIO, path: Path, member: str | None) -> Iterator[bytes]:
    suffix = path.suffix.lower()
    if member is not None and suffix != ".zip":
        raise UnsupportedFormatError(f"{path.name} is no zip and has no member {member!r}", hint="leave member out")
    if suffix == ".zip":
        with zipfile.ZipFile(file) as archive, archive.open(_member(archive, path, member)) as inner:
            yield from iter(lambda: inner.read(BLOCK), b"")
    elif suffix == ".gz":
        with gzip.GzipFile(fileobj=file) as inner_gzip:
            yield from iter(lambda: inner_gzip.read(BLOCK), b"")
    elif suffix == ".zst":
        yield from _zstandard(file)
    else:
        yield from iter(lambda: file.read(BLOCK), b"")


def _member(archive: zipfile.ZipFile, path: Path, member: str | None) -> zipfile.ZipInfo:
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    tables = [name for name in names if name.lower().endswith(".csv") and not name.startswith("__MACOSX/")]
    if member is None and len(tables) != 1:
        found = ", ".join(tables[:5] or names[:5]) or "it is empty"
        raise InvalidDataError(
            f"{path.name} holds {len(tables)} .csv files: {found}",
            hint="say which one with member",
            context={"file": str(path)},
        )
    chosen = tables[0] if member is None else member
    if chosen not in names:
        near = difflib.get_close_matches(chosen, names, n=1, cutoff=0.3)
        raise InvalidDataError(
            f"{path.name} has no member {chosen!r}",
            hint=f"did you mean {near[0]!r}?" if near else f"it holds {', '.join(names[:5])}",
            context={"file": str(path)},
        )
    info = archive.getinfo(chosen)
    if info.flag_bits & 0x1:
        raise InvalidDataError(
            f"{path.name}: member {chosen!r} is encrypted", hint="decrypt it first", context={"file": str(path)}
        )
    return info


def _zstandard(file: BinaryIO) -> Iterator[bytes]:
    # The library's own stream reader ends in silence where a frame is cut off; here the frame must say that it ended.
    frame, fresh = zstandard.ZstdDecompressor().decompressobj(), True
    held: list[bytes] = []
    for piece in iter(lambda: file.read(2**16), b""):
        while piece:
            held.append(frame.decompress(piece))
            fresh, piece = False, b""
            if frame.eof:
                piece = frame.unused_data
                frame, fresh = zstandard.ZstdDecompressor().decompressobj(), True
        if sum(map(len, held)) >= BLOCK:
            yield b"".join(held)
            held = []
    if not fresh:
        raise EOFError("the compressed stream ends inside a frame")
    yield b"".join(held)
