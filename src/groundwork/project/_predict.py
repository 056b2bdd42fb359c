"""Score a file of any size.

Rule: the output holds the input's rows and columns, in order, with ``prediction`` and ``probability`` at the end; it
appears whole or not at all. Memory is bounded by one chunk of rows.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import polars as pl
from polars.io.plugins import register_io_source

from groundwork import storage
from groundwork.data import dtype_of
from groundwork.errors import InvalidDataError, UnsupportedFormatError, UsageError
from groundwork.modeling import TabularModel

Progress = Callable[[int], None]
_Packing = Callable[[IO[bytes]], AbstractContextManager[IO[bytes]]]

_SINKS: dict[str, Callable[[pl.LazyFrame, IO[bytes]], Any]] = {
    ".parquet": lambda rows, file: rows.sink_parquet(file),
    ".csv": lambda rows, file: rows.sink_csv(file),
    ".jsonl": lambda rows, file: rows.sink_ndjson(file),
}
_ADDED = ("prediction", "probability")


def predict_file(
    model: TabularModel,
    source: str | Path,
    target: str | Path,
    *,
    rows: int = 65_536,
    progress: Progress | None = None,
) -> int:
    """Score every row of a file.

    Args:
        model: The model.
        source: CSV, JSONL or Parquet, plain or compressed; see ``storage.stream``.
        target: ``.parquet``, ``.csv`` or ``.jsonl``; the last two also with ``.gz`` or ``.zst``.
        rows: Rows held at once.
        progress: Told how many rows are done.

    Returns:
        Rows written.

    Raises:
        InvalidDataError: The input cannot be read, has no rows, or already has a column ``prediction`` or
            ``probability``; a wrong value is named by file, row and column.
        UnsupportedFormatError: No such output format; known before any row is read.
        UsageError: The output is the input.
        StorageError: The input is not there, or the output cannot be written; no half file stays.
    """
    source, target = Path(source), Path(target)
    sink, compression = _format(target)
    if source.exists() and target.exists() and source.samefile(target):
        raise UsageError(f"{target} is the input itself", hint="write to another file, so that the input is not lost")
    scoring = _Scoring(model, source, rows, progress)
    with storage.atomic_write(target) as file, storage.written_by_polars(target):
        if compression is None:
            sink(scoring.lazy(), file)
        else:
            with compression(file) as compressed:
                sink(scoring.lazy(), compressed)
        if not scoring.done:
            raise InvalidDataError(f"{source} has no rows", hint="there is nothing to predict")
    return scoring.done


class _Scoring:
    """The rows of one file with their predictions, chunk by chunk."""

    def __init__(self, model: TabularModel, source: Path, rows: int, progress: Progress | None) -> None:
        self.done = 0
        self._model, self._source, self._rows = model, source, rows
        self._progress = progress or (lambda _: None)
        nulls = model.spec.null_values
        there = storage.stream_schema(source, null_values=nulls)
        taken = [name for name in _ADDED if name in there]
        if taken:
            raise InvalidDataError(
                f"{source} already has a column {taken[0]!r}", hint="rename it, so that nothing is overwritten"
            )
        declared = {name: dtype_of(column.dtype) for name, column in model.spec.columns.items() if name in there}
        self._read: dict[str, Any] = {"columns": declared, "null_values": nulls}

    def lazy(self) -> pl.LazyFrame:
        """Offer the rows as a source that polars can write from without holding them."""
        added = self._model.predict_frame(self._empty()).schema
        types = {**storage.stream_schema(self._source, **self._read), **added}
        return register_io_source(self._chunks, schema=types)

    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=storage.stream_schema(self._source, **self._read))

    def _chunks(
        self, with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        # A sink asks for everything, so there is no column, predicate or limit to heed.
        for chunk in storage.stream(self._source, self._rows, **self._read):
            yield chunk.hstack(self._predict(chunk))
            self.done += chunk.height
            self._progress(self.done)

    def _predict(self, chunk: pl.DataFrame) -> pl.DataFrame:
        try:
            return self._model.predict_frame(chunk)
        except InvalidDataError as error:
            row = error.context.get("row")
            where = f"{self._source}: " if row is None else f"{self._source}: row {self.done + row + 1:,}: "
            context = {**error.context, "file": str(self._source)}
            raise InvalidDataError(where + error.message, hint=error.hint, context=context) from error


def _format(target: Path) -> tuple[Callable[[pl.LazyFrame, IO[bytes]], Any], _Packing | None]:
    suffixes = [suffix.lower() for suffix in target.suffixes[-2:]]
    last = suffixes[-1] if suffixes else ""
    if last in _SINKS:
        return _SINKS[last], None
    if len(suffixes) == 2 and suffixes[0] in (".csv", ".jsonl") and last in (".gz", ".zst"):
        return _SINKS[suffixes[0]], storage.compressor(last)
    raise UnsupportedFormatError(
        f"{target}: no output format has the suffix {target.suffix!r}",
        hint="use .parquet, .csv or .jsonl; the last two also with .gz or .zst",
    )
