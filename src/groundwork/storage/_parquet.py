"""Parquet files read a window of rows at a time.

Rule: memory is a window of about 16 MiB, or the rows asked for, and the compressed row group that holds it; never the
file. A ``.parquet.gz`` is first unpacked into the system's folder for temporary files, because Parquet is read from its
end; it goes when the stream does.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from groundwork.errors import InvalidDataError, first_line
from groundwork.storage._batch import Batch
from groundwork.storage._blocks import Progress, blocks
from groundwork.storage._compression import COMPRESSED

SUFFIXES = (".parquet", ".pq")

_WINDOW_BYTES = 16 * 2**20
_FIRST_ROWS = 16_384


class ParquetFile:
    """A Parquet file, plain or compressed as a whole.

    Args:
        path: The file.

    Raises:
        InvalidDataError: The compressed file is truncated or damaged.
        StorageError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._plain = path
        if path.suffix.lower() in COMPRESSED:
            folder = Path(tempfile.mkdtemp(prefix="groundwork-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._plain = folder / "unpacked.parquet"
            with open(self._plain, "wb") as unpacked:
                unpacked.writelines(blocks(path))

    def found(self) -> Mapping[str, pl.DataType]:
        """Tell the columns and their types as the file itself gives them.

        Raises:
            InvalidDataError: It is not a whole Parquet file.
        """
        with self._told():
            return self._scan().collect_schema()

    def batches(
        self,
        null_values: Sequence[str] = (),
        progress: Progress | None = None,
        types: Mapping[str, pl.DataType] | None = None,
    ) -> Iterator[Batch]:
        """Yield all rows from the first.

        Args:
            null_values: Texts that mean missing.
            progress: Called after each batch with the file's bytes in proportion to the rows read, and their total.
            types: Not used: cells come as the file holds them.

        Yields:
            Batches of at least one row.

        Raises:
            InvalidDataError: The file is damaged.
        """
        total, done, rows = self._path.stat().st_size, 0, _FIRST_ROWS
        with self._told():
            height = self._scan().select(pl.len()).collect().item()
        while done < height:
            with self._told():
                frame = self._scan().slice(done, rows).collect()
            if not frame.height:
                raise self._broken(f"row {done + 1:,} of {height:,} is missing")
            yield Batch(without_missing(frame, null_values), done + 1, None)
            done += frame.height
            # Each window decodes its row group anew, so the windows are as large as memory allows.
            rows = max(1, _WINDOW_BYTES * frame.height // max(1, int(frame.estimated_size())))
            if progress is not None and done < height:
                progress(total * done // height, total)
        if progress is not None:
            progress(total, total)

    def _scan(self) -> pl.LazyFrame:
        return pl.scan_parquet(self._plain, glob=False)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise self._broken(first_line(error)) from error

    def _broken(self, why: str) -> InvalidDataError:
        return InvalidDataError(
            f"{self.name} is not a whole Parquet file: {why}",
            hint="fetch or write the file again",
            context={"file": self.name},
        )


def without_missing(frame: pl.DataFrame, null_values: Sequence[str]) -> pl.DataFrame:
    """Take the texts that mean missing out of the columns of text.

    Args:
        frame: The rows.
        null_values: The texts.

    Returns:
        The rows with null in their place.
    """
    if not null_values:
        return frame
    missing = pl.col(pl.String).is_in(list(null_values))
    return frame.with_columns(pl.when(~missing).then(pl.col(pl.String)).name.keep())
