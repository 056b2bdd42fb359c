"""Compressed files, told apart from broken ones: the one place that unpacks and packs ``.gz`` and ``.zst``.

Rule: what cannot be decompressed to its very end is an error, also where a library would return the part that it got;
what we write is the same bytes for the same input (no time, no name in the header) and carries a checksum.
Memory: some MiB, however far a hostile file blows up; ``decompress`` holds the whole, so give it ``max_bytes``.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from typing import IO

from groundwork.errors import InvalidDataError

COMPRESSED = (".gz", ".zst")

_READ = 2**18
_PIECE = 2**20
# Zstandard's shortest block is 4 bytes and stands for 128 KiB, so 1 KiB becomes 32 MiB at the very worst.
_ZST_STEP = 2**10
_GZIP_WINDOW = 31
_GZIP_LEVEL = 6  # 9 takes twice the time for a percent
_GZIP_MAGIC = b"\x1f\x8b"
_CUT = "Compressed file ended before the end-of-stream marker was reached"


def decompress(suffix: str, file: IO[bytes], source: str, *, max_bytes: int | None = None) -> bytes:
    """Decompress a whole file.

    Args:
        suffix: ``.gz`` or ``.zst``.
        file: The compressed bytes.
        source: The file's name, for the message.
        max_bytes: How large the plain bytes may be; without it whatever the file says.

    Returns:
        The plain bytes.

    Raises:
        InvalidDataError: The file is truncated, damaged or not compressed in this way, or becomes too large.
    """
    held: list[bytes] = []
    size = 0
    for piece in pieces(suffix, file, source):
        size += len(piece)
        if max_bytes is not None and size > max_bytes:
            raise InvalidDataError(
                f"{source}: decompresses to more than max_bytes={max_bytes:,} bytes",
                hint="if you trust the file, give a larger max_bytes, or stream it",
                context={"file": source, "max_bytes": max_bytes},
            )
        held.append(piece)
    return b"".join(held)


def pieces(suffix: str, file: IO[bytes], source: str) -> Iterator[bytes]:
    """Decompress a file of any size piece by piece.

    Args:
        suffix: ``.gz`` or ``.zst``.
        file: The compressed bytes; several members or frames one after the other are one content.
        source: The file's name, for the message.

    Yields:
        Plain bytes, never none, seldom more than 1 MiB and never more than 32.

    Raises:
        InvalidDataError: The file is truncated, damaged or not compressed in this way.
    """
    import zstandard

    chunks = iter(lambda: file.read(_READ), b"")
    first = next(chunks, b"")
    if not first:
        raise InvalidDataError(
            f"{source} is empty: no header of {suffix}, so it is truncated or damaged",
            hint="fetch or write the file again",
            context={"file": source},
        )
    chunks = chain([first], chunks)
    try:
        yield from _gunzip(chunks) if suffix == ".gz" else _unzst(chunks)
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise InvalidDataError(
            f"{source} is truncated or damaged: {error}",
            hint="fetch or write the file again, and compare its size or checksum with the source",
            context={"file": source},
        ) from error


def compressor(suffix: str) -> Callable[[IO[bytes]], AbstractContextManager[IO[bytes]]]:
    """Look up how to write compressed.

    Args:
        suffix: ``.gz`` or ``.zst``.

    Returns:
        A function from the open target to a file that compresses into it; leaving its ``with`` completes the data.
    """
    return _gz if suffix == ".gz" else _zst


@contextmanager
def _gz(file: IO[bytes]) -> Iterator[IO[bytes]]:
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as packed:
        yield packed  # type: ignore[misc]


@contextmanager
def _zst(file: IO[bytes]) -> Iterator[IO[bytes]]:
    import zstandard

    packer = zstandard.ZstdCompressor(write_checksum=True)
    with packer.stream_writer(file, closefd=False) as packed:
        yield packed


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # zlib itself: it checks length and CRC, and is faster than the gzip module.
    member, started, complete = zlib.decompressobj(_GZIP_WINDOW), False, False
    for chunk in chunks:
        while chunk:
            if complete:
                chunk = chunk.lstrip(b"\0")  # padding, as on tapes
                if not chunk:
                    break
                member, started, complete = zlib.decompressobj(_GZIP_WINDOW), False, False
            if not started and not _GZIP_MAGIC.startswith(chunk[:2]):
                raise zlib.error("Not a gzipped file")
            started = True
            if plain := member.decompress(chunk, _PIECE):
                yield plain
            complete = member.eof
            chunk = member.unused_data if complete else member.unconsumed_tail
    if not complete:
        raise EOFError(_CUT)


def _unzst(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # The library's own stream reader takes a truncated frame for the end of the data.
    import zstandard

    frame, complete = zstandard.ZstdDecompressor().decompressobj(), False
    for chunk in chunks:
        for at in range(0, len(chunk), _ZST_STEP):
            step = chunk[at : at + _ZST_STEP]
            while step:
                if complete:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                if plain := frame.decompress(step):
                    yield plain
                complete = frame.eof
                step = frame.unused_data if complete else b""
    if not complete:
        raise EOFError(_CUT)
