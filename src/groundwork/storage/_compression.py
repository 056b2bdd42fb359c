"""Compressed files, told apart from broken ones.

Rule: what cannot be decompressed to its very end is an error, also where a library would return the part that it got;
what we write is the same bytes for the same input (no time, no name in the header) and carries a checksum.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO

from groundwork.errors import InvalidDataError

_CHUNK_BYTES = 1 << 20


def decompress(suffix: str, file: IO[bytes], source: str) -> bytes:
    """Decompress a whole file.

    Args:
        suffix: ``.gz`` or ``.zst``.
        file: The compressed bytes.
        source: The file's name, for the message.

    Returns:
        The plain bytes.

    Raises:
        InvalidDataError: The file is truncated, damaged or not compressed in this way.
    """
    import zstandard

    try:
        return _gunzip(file) if suffix == ".gz" else b"".join(_zst_frames(file))
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise InvalidDataError(
            f"{source}: the compressed data is truncated or damaged: {error}",
            hint="fetch or write the file again",
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
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        yield packed  # type: ignore[misc]


@contextmanager
def _zst(file: IO[bytes]) -> Iterator[IO[bytes]]:
    import zstandard

    packer = zstandard.ZstdCompressor(write_checksum=True)
    with packer.stream_writer(file, closefd=False) as packed:
        yield packed


def _gunzip(file: IO[bytes]) -> bytes:
    if not file.read(1):  # the library takes a file of no bytes for the compressed form of none
        raise EOFError("the file is empty")
    file.seek(0)
    return gzip.GzipFile(fileobj=file).read()


def _zst_frames(file: IO[bytes]) -> Iterator[bytes]:
    # The library's own stream reader takes a truncated frame for the end of the data.
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    started = complete = False
    while chunk := file.read(_CHUNK_BYTES):
        while chunk:
            if complete:
                frame = zstandard.ZstdDecompressor().decompressobj()
            started = True
            yield frame.decompress(chunk)
            complete = frame.eof
            chunk = frame.unused_data if complete else b""
    if not (started and complete):
        raise EOFError("the data ends in the middle")
