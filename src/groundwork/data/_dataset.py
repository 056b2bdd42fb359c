"""A table that is read in batches and held against its schema on the way.

Rule: rows that break the schema never pass in silence: they stop the read, or are counted and dropped, or counted and
set aside. Memory: a few batches, whatever the size of the table.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.io.plugins import register_io_source

from groundwork.data._schema import Schema
from groundwork.data._validation import Checker, ValidationReport, Verdict
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError
from groundwork.storage import atomic_write, cast_column, stream, stream_schema, written_by_polars

ROWS = 65_536

Policy = Literal["error", "drop", "quarantine"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Dataset:
    """A table somewhere, with the schema that it must keep; nothing is read until asked for.

    Attributes:
        source: A CSV or Parquet file, or a frame in memory.
        schema: What the rows must be, or None.
        null_values: Texts that mean missing.
        member: Which file of a zip.
    """

    source: Path | pl.DataFrame
    schema: Schema | None = None
    null_values: tuple[str, ...] = ()
    member: str | None = None

    @classmethod
    def scan(
        cls,
        source: str | PathLike[str] | pl.DataFrame | pl.LazyFrame | Any,
        *,
        schema: Schema | None = None,
        null_values: Sequence[str] = (),
        member: str | None = None,
    ) -> "Dataset":
        """Point at a table.

        Args:
            source: A file as ``storage.stream`` reads them; or a polars frame, or any table that offers itself through
                the Arrow PyCapsule interface (pandas, pyarrow).
            schema: What the rows must be.
            null_values: Texts that mean missing, besides the empty field.
            member: Which file of a zip; not needed where it holds a single .csv.

        Returns:
            The dataset.

        Raises:
            UsageError: The source is neither a path nor a table.
        """
        return cls(_source(source), schema, tuple(null_values), member)

    @property
    def name(self) -> str:
        """The table as messages call it."""
        return self.source.name if isinstance(self.source, Path) else "frame"

    def columns(self) -> dict[str, pl.DataType]:
        """Tell the names and types of the rows, also where there are none.

        Returns:
            Type by name, in the table's order.

        Raises:
            InvalidDataError: The table lacks a declared column, or has no readable header.
            StorageError: There is no such file.
        """
        declared = self.schema.dtypes if self.schema else {}
        if isinstance(self.source, Path):
            return stream_schema(self.source, columns=declared, null_values=self.null_values, member=self.member)
        return _frame_types(self.source, declared)

    def batches(self, rows: int = ROWS, *, progress: Progress | None = None) -> Iterator[pl.DataFrame]:
        """Read the rows in batches, typed and validated.

        Args:
            rows: Rows of each batch; the last may be shorter.
            progress: Called now and then with the bytes consumed and the file's size.

        Yields:
            Frames of equal columns and types.

        Raises:
            InvalidDataError: A row breaks the schema, or the file is damaged; with file, row and column.
            StorageError: The file cannot be read.
        """
        yield from self._good(self._checker(), rows, "error", progress)

    def lazy(self) -> pl.LazyFrame:
        """Offer the validated rows as a polars query source, streamed when the query runs.

        Returns:
            A lazy frame; running it raises what ``batches`` raises.

        Raises:
            InvalidDataError: See ``columns``.
            StorageError: See ``columns``.
        """
        return _lazy(self.columns(), self.batches)

    def collect(self, *, progress: Progress | None = None) -> pl.DataFrame:
        """Read all rows into memory.

        Args:
            progress: See ``batches``.

        Returns:
            One frame.

        Raises:
            InvalidDataError: See ``batches``.
            StorageError: See ``batches``.
        """
        batches = list(self.batches(progress=progress))
        return pl.concat(batches, rechunk=True) if batches else pl.DataFrame(schema=self.columns())

    def validate(self) -> ValidationReport:
        """Read everything, keep nothing, and count what breaks the schema.

        Returns:
            The report.

        Raises:
            InvalidDataError: The file is damaged, or a record has the wrong number of fields.
            StorageError: The file cannot be read.
        """
        checker = self._checker()
        for _ in self._good(checker, ROWS, "drop", None):
            pass
        return checker.report()

    def sink(
        self,
        path: str | PathLike[str],
        policy: Policy = "error",
        *,
        quarantine: str | PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> ValidationReport:
        """Write the rows that keep the schema to a Parquet file, all at once or not at all.

        Args:
            path: The file to write or replace.
            policy: What becomes of a row that breaks the schema: ``error`` stops and leaves the old file, ``drop``
                leaves the row out, ``quarantine`` also writes it, as it was read, with row number and reasons, beside.
            quarantine: File for those rows; ``<path>.quarantine.parquet`` unless given. Written first, even if empty.
            progress: See ``batches``.

        Returns:
            The report.

        Raises:
            InvalidDataError: See ``batches``.
            StorageError: A file cannot be read or written.
            ConfigurationError: There is no such policy.
        """
        if policy not in ("error", "drop", "quarantine"):
            raise ConfigurationError(f"policy {policy!r} is not known", hint="use error, drop or quarantine")
        path, types = Path(path), self.columns()
        if policy == "quarantine":
            aside = Path(quarantine) if quarantine else path.with_name(f"{path.stem}.quarantine.parquet")
            raw_types = (
                dict(stream_schema(self.source, member=self.member))
                if isinstance(self.source, Path)
                else dict(self.source.schema)
            )
            extra = {"groundwork_row": pl.Int64(), "groundwork_reason": pl.String()}
            _write(aside, _lazy({**raw_types, **extra}, lambda: self._bad(self._checker())))
        checker = self._checker()
        _write(path, _lazy(types, lambda: self._good(checker, ROWS, policy, progress)))
        return checker.report()

    def _checker(self) -> Checker:
        return Checker(self.schema or Schema(columns={}), self.name)

    def _good(self, checker: Checker, rows: int, policy: Policy, progress: Progress | None) -> Iterator[pl.DataFrame]:
        for _, typed, verdict in self._judged(checker, rows, policy, progress):
            if policy == "error" and verdict.broken:
                raise checker.first_error()
            passed = typed.filter(verdict.good) if verdict.broken else typed
            if passed.height:
                yield passed

    def _bad(self, checker: Checker) -> Iterator[pl.DataFrame]:
        before = 0
        for raw, _, verdict in self._judged(checker, ROWS, "quarantine", None):
            row = pl.int_range(before + 1, before + raw.height + 1, dtype=pl.Int64, eager=True)
            marked = raw.with_columns(row.alias("groundwork_row"), verdict.reasons().alias("groundwork_reason"))
            before += raw.height
            if verdict.broken:
                yield marked.filter(~verdict.good)

    def _judged(
        self, checker: Checker, rows: int, policy: Policy, progress: Progress | None
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, Verdict]]:
        types = self.columns()
        # Under "error" the reader itself refuses a misfit, and can name its line; else misfits must come through.
        for raw in self._read(rows, types if policy == "error" else {}, progress):
            typed = pl.DataFrame([cast_column(raw[name], dtype) for name, dtype in types.items()])
            yield raw, typed, checker.check(raw, typed)

    def _read(self, rows: int, types: dict[str, pl.DataType], progress: Progress | None) -> Iterator[pl.DataFrame]:
        if isinstance(self.source, Path):
            return stream(
                self.source,
                rows,
                columns=types,
                null_values=self.null_values,
                member=self.member,
                progress=progress,
            )
        return self.source.iter_slices(rows)


def _source(source: Any) -> Path | pl.DataFrame:
    if isinstance(source, str | PathLike):
        return Path(source)
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    if isinstance(source, pl.DataFrame):
        return source
    if hasattr(source, "__arrow_c_stream__"):
        return pl.DataFrame(source)
    raise UsageError(
        f"no table can be read from {type(source).__name__}", hint="pass a path or a polars, pandas or pyarrow table"
    )


def _frame_types(frame: pl.DataFrame, declared: dict[str, Any]) -> dict[str, pl.DataType]:
    missing = [name for name in declared if name not in frame.columns]
    if missing:
        raise InvalidDataError(
            f"the frame has no column {missing[0]!r}",
            hint=f"it has {', '.join(frame.columns[:20])}",
            context={"column": missing[0], "missing": missing},
        )
    types = {name: declared.get(name, dtype) for name, dtype in frame.schema.items()}
    for name, dtype in types.items():
        if dtype is pl.Datetime:
            found = frame.schema[name]
            types[name] = found if isinstance(found, pl.Datetime) else pl.Datetime("us")
    return types


def _lazy(types: dict[str, pl.DataType], batches: Callable[[], Iterator[pl.DataFrame]]) -> pl.LazyFrame:
    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for frame in batches():
            taken = frame if left is None else frame.head(left)
            left = None if left is None else left - taken.height
            taken = taken if predicate is None else taken.filter(predicate)
            yield taken if with_columns is None else taken.select(with_columns)
            if left == 0:
                return

    return register_io_source(source, schema=types)


def _write(path: Path, rows: pl.LazyFrame) -> None:
    # Errors of the rows come through as they are.
    with atomic_write(path) as file, written_by_polars(path):
        rows.sink_parquet(file)
