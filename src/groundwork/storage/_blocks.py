"""The bytes of a file, decompressed, a block at a time.

Rule: a file that ends before its format says so is an error that names the file, never a shorter file.
Memory: one block.
"""

import difflib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from groundwork.errors import InvalidDataError, StorageError, UnsupportedFormatError
from groundwork.storage._compression import COMPRESSED, pieces

BLOCK = 2 * 2**20
TEXT_TABLES = (".csv", ".jsonl", ".ndjson")

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


def table_suffix(path: Path, member: str | None = None) -> str:
    """Tell the format of a table's file by its name.

    Args:
        path: The file.
        member: See ``blocks``.

    Returns:
        The suffix in lower case without that of the compression; of a zip, that of its member.

    Raises:
        InvalidDataError: It is a zip, and has no such member or is damaged.
        StorageError: It cannot be read at all.
        UnsupportedFormatError: A member is asked of what is no zip.
    """
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with _told(path), path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return Path(_member(archive, path, member).filename).suffix.lower()
    if member is not None:
        raise UnsupportedFormatError(f"{path.name} is no zip and has no member {member!r}", hint="leave member out")
    return Path(path.stem).suffix.lower() if suffix in COMPRESSED else suffix


def blocks(
    path: Path, member: str | None = None, progress: Progress | None = None, *, at_once: int = 1
) -> Iterator[bytes]:
    """Read a plain, .gz, .zst or .zip file.

    Args:
        path: The file; its suffix says how it is compressed.
        member: Which file of a zip; not needed where it holds a single table.
        progress: Called after each block, and at the end, with the bytes of the file consumed so far and their total.
        at_once: How many times ``BLOCK`` is read at a time.

    Yields:
        Decompressed bytes, about so many.

    Raises:
        InvalidDataError: The file is truncated or damaged.
        StorageError: It cannot be read at all.
    """
    total, done = path.stat().st_size, 0
    with _told(path), path.open("rb") as file:
        for block in _decompressed(file, path, member, at_once * BLOCK):
            yield block
            if progress is not None:
                done = min(max(done, file.tell()), total)
                progress(done, total)
    if progress is not None and done < total:
        progress(total, total)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
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


def _decompressed(file: BinaryIO, path: Path, member: str | None, size: int) -> Iterator[bytes]:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with zipfile.ZipFile(file) as archive, archive.open(_member(archive, path, member)) as inner:
            yield from iter(lambda: inner.read(size), b"")
    elif suffix in COMPRESSED:
        yield from _joined(pieces(suffix, file, path.name), size)
    else:
        yield from iter(lambda: file.read(size), b"")


def _joined(small: Iterator[bytes], wanted: int) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for piece in small:
        # What a hostile file blows up to is cut, for the parsers take some times a block.
        for at in range(0, len(piece), wanted):
            held.append(piece[at : at + wanted])
            size += len(held[-1])
            if size >= wanted:
                yield b"".join(held)
                held, size = [], 0
    if held:
        yield b"".join(held)


def _member(archive: zipfile.ZipFile, path: Path, member: str | None) -> zipfile.ZipInfo:
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    tables = [name for name in names if name.lower().endswith(TEXT_TABLES) and not name.startswith("__MACOSX/")]
    if member is None and len(tables) != 1:
        found = ", ".join(tables[:5] or names[:5]) or "it is empty"
        raise InvalidDataError(
            f"{path.name} holds {len(tables)} tables (.csv, .jsonl): {found}",
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
