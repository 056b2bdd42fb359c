"""A digest of Parquet files that may be larger than memory: all of small ones, a sample of large ones.

Rule: sizes and footers count wholly (Parquet keeps names, types, places, packed sizes and statistics there), of the
rest the bytes of blocks spread evenly. So a change to bytes between the blocks that leaves the footer as it was is not
seen; a writer that packs its columns almost always changes a packed size. Cost: 16 MiB are read besides the footers,
and two blocks of each file where there are many.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from groundwork.storage import told_as_storage_error

_BLOCK = 1 << 16
_BLOCKS = 256
_TAIL = 8


def files_digest(files: Sequence[Path], facts: str) -> str:
    """Digest files, and what else makes their rows what they are.

    Args:
        files: Parquet files; their names do not count, their order does.
        facts: Words that count too.

    Returns:
        32 hexadecimal digits (BLAKE2b).

    Raises:
        StorageError: A file cannot be read.
    """
    digest = hashlib.blake2b(facts.encode("utf-8", "surrogatepass"), digest_size=16)
    blocks = max(2, _BLOCKS // len(files))
    for path in files:
        with told_as_storage_error(path, "cannot read"), open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest.update(size.to_bytes(8, "little"))
            footer = _footer(file, size)
            for start, stop in [*_spread(footer, blocks), (footer, size)]:
                for piece in _pieces(file, start, stop):
                    digest.update(piece)
    return digest.hexdigest()


def _footer(file: IO[bytes], size: int) -> int:
    """Return where the footer begins: its length stands before the file's last four bytes."""
    file.seek(max(0, size - _TAIL))
    length = int.from_bytes(file.read(4), "little")
    return max(0, size - _TAIL - length)


def _spread(size: int, blocks: int) -> Iterator[tuple[int, int]]:
    """Yield the places of blocks, first and last among them; all bytes, if there are not more."""
    if size <= blocks * _BLOCK:
        yield 0, size
        return
    for number in range(blocks):
        start = number * (size - _BLOCK) // (blocks - 1)
        yield start, start + _BLOCK


def _pieces(file: IO[bytes], start: int, stop: int) -> Iterator[bytes]:
    file.seek(start)
    for at in range(start, stop, _BLOCK):
        yield file.read(min(_BLOCK, stop - at))
