"""Frames set aside on disk, to be read back by key.

Rule: the file has no name (where the system has such files), so that it goes with its process, however that ends.
Memory: none but the place of each frame.
"""

import io
import tempfile
import weakref
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from groundwork.storage import told_as_storage_error


class DiskFrames:
    """A temporary file of frames.

    Args:
        folder: Where it is made: beside what is written in the end, for the system's folder may lie in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with told_as_storage_error(folder, "cannot write a temporary file"):
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix=".groundwork-")  # noqa: SIM115 - see close
        weakref.finalize(self, self._file.close)
        self._places: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def add(self, frame: pl.DataFrame, key: int = 0) -> None:
        """Append a frame.

        Args:
            frame: The rows.
            key: What they are to be found by.

        Raises:
            StorageError: The disk is full, or the system refuses otherwise.
        """
        packed = io.BytesIO()
        frame.write_ipc_stream(packed, compression="lz4")
        content = packed.getbuffer()
        with told_as_storage_error(self._folder, "cannot write a temporary file"):
            self._places[key].append((self._file.seek(0, io.SEEK_END), len(content)))
            self._file.write(content)

    def frames(self, key: int = 0) -> Iterator[pl.DataFrame]:
        """Yield the frames of a key in the order in which they came.

        Args:
            key: As given to ``add``.

        Raises:
            StorageError: The system refuses.
        """
        for place, size in self._places[key]:
            with told_as_storage_error(self._folder, "cannot read a temporary file"):
                self._file.seek(place)
                content = self._file.read(size)
            yield pl.read_ipc_stream(content)

    def parts(self) -> list[int]:
        """Tell the keys, in order."""
        return sorted(self._places)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
