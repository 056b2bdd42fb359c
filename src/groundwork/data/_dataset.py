"""A table that is read in batches and held against its schema on the way.

Rule: rows that break the schema never pass in silence: they stop the read, or are counted and dropped, or counted and
set aside. Memory: a few batches, whatever the size of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from groundwork.data._arrays import Layout
from groundwork.data._conversions import as_arrays, as_pandas, as_tensors, require_layout, require_package
from groundwork.data._reading import Batches as Batches
from groundwork.data._reading import Policy as Policy
from groundwork.data._reading import Reading, check_policy
from groundwork.data._scan import source_of
from groundwork.data._schema import Schema
from groundwork.data._sources import Progress, Source
from groundwork.data._targets import check_targets
from groundwork.data._validation import ValidationReport
from groundwork.data._writing import as_query, write_rows
from groundwork.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

ROWS = 65_536


@dataclass(frozen=True)
class Dataset:
    """A table somewhere, with the schema that it must keep; nothing is read until asked for.

    Attributes:
        source: Where the rows come from.
        schema: What the rows must be, or None.
        null_values: Texts that mean missing.
    """

    source: Source
    schema: Schema | None = None
    null_values: tuple[str, ...] = ()

    @classmethod
    def scan(
        cls,
        source: Any,
        *,
        schema: Schema | None = None,
        null_values: Sequence[str] = (),
        member: str | None = None,
        names: Sequence[str] | None = None,
    ) -> "Dataset":
        """Point at a table.

        Args:
            source: A file of CSV, JSON lines or Parquet, plain, ``.gz`` or ``.zst``, the first two also in a ``.zip``;
                a pattern (``part-*.csv.gz``, ``**`` for any depth of folders), read in sorted order; or a list.
                A polars frame, or a lazy one, which is streamed. Any table that offers itself through the Arrow
                PyCapsule interface (pandas, pyarrow; an Arrow reader is streamed). numpy: a structured array, one of
                two dimensions with ``names``, or a mapping of names to arrays. An iterable of mappings or of tables;
                what can be read once only, as a generator, is refused a second time; a function that makes one is
                called for each reading.
            schema: What the rows must be.
            null_values: Texts that mean missing, besides the empty field.
            member: Which file of a zip; not needed where it holds a single table. A pattern takes several.
            names: The columns of an array of two dimensions.

        Returns:
            The dataset.

        Raises:
            UsageError: The source is no table, or the schema is none.
            StorageError: A pattern matches no file.
            InvalidDataError: The columns of a table in memory cannot be read.
        """
        if schema is not None and not isinstance(schema, Schema):
            raise UsageError(
                f"schema is a {type(schema).__name__}", hint="build it: Schema.model_validate({'columns': {…}})"
            )
        return cls(source_of(source, member=member, names=names), schema, tuple(null_values))

    @property
    def name(self) -> str:
        """The table as messages call it."""
        return self.source.name

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, in order; empty for what is in memory."""
        return self.source.files

    @property
    def rereadable(self) -> bool:
        """Whether the rows can be read more than once; of a generator or an Arrow reader they cannot."""
        return self.source.rereadable

    def columns(self) -> dict[str, pl.DataType]:
        """Tell the names and types of the rows, also where there are none.

        Returns:
            Type by name, in the table's order.

        Raises:
            InvalidDataError: The table lacks a declared column, or has no readable header; or a file of several has
                other columns than the first.
            StorageError: There is no such file.
        """
        return self.source.types(self.schema.dtypes if self.schema else {}, self.null_values)

    def batches(
        self,
        rows: int = ROWS,
        *,
        policy: Policy = "error",
        quarantine: str | PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> "Batches":
        """Read the rows in batches, typed and validated.

        Args:
            rows: Rows of each batch; the last may be shorter.
            policy: What becomes of a row that breaks the schema: ``error`` stops, ``drop`` leaves it out,
                ``quarantine`` also writes it to a file; ``report`` of the iterator counts it.
            quarantine: That file (Parquet, CSV or JSON lines, by suffix). It is written when the last batch has been
                taken; an iteration that is left earlier writes none.
            progress: Called now and then with the bytes consumed and the size of all files.

        Returns:
            An iterator of frames of equal columns and types, with a ``report`` of the rows read so far. A row of the
            wrong number of fields stops under every policy: nobody can say which field is missing.

        Raises:
            UsageError: ``rows`` is no number above 0; or, while iterating, the source can be read once and has been.
            ConfigurationError: There is no such policy, or its file is not named or is one that is read.
            InvalidDataError: While iterating: a row breaks the schema, or the file is damaged; with file, row, line and
                column.
            StorageError: While iterating: the file cannot be read, or the quarantine not written.
        """
        if not isinstance(rows, int) or rows < 1:
            raise UsageError(f"rows is {rows!r}; a batch needs at least 1", hint="give a whole number, as rows=65_536")
        check_policy(policy)
        if policy == "quarantine" and quarantine is None:
            raise ConfigurationError("policy quarantine needs a file", hint="quarantine='bad.parquet'")
        aside = Path(quarantine) if policy == "quarantine" and quarantine is not None else None
        if aside is not None:
            check_targets(self.files, None, aside)
        return Batches(self._reading(policy, progress, aside), rows)

    def lazy(self) -> pl.LazyFrame:
        """Offer the validated rows as a polars query source, streamed when the query runs.

        On Ctrl-C polars' streaming engine raises KeyboardInterrupt, and Python's own follows at the caller's next line;
        ``collect``, ``batches`` and ``sink`` raise one.

        Returns:
            A lazy frame; running it raises what ``batches`` raises.

        Raises:
            InvalidDataError: See ``columns``.
            StorageError: See ``columns``.
        """
        return as_query(self.columns(), self.batches)

    def collect(
        self,
        *,
        policy: Policy = "error",
        quarantine: str | PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> pl.DataFrame:
        """Read all rows into memory.

        Args:
            policy: See ``batches``.
            quarantine: See ``batches``.
            progress: See ``batches``.

        Returns:
            One frame.

        Raises:
            InvalidDataError: See ``batches``.
            StorageError: See ``batches``.
            ConfigurationError: See ``batches``.
        """
        batches = self.batches(policy=policy, quarantine=quarantine, progress=progress)
        frames = list(batches)
        return pl.concat(frames, rechunk=True) if frames else pl.DataFrame(schema=batches.types)

    def validate(self, *, progress: Progress | None = None) -> ValidationReport:
        """Read everything, keep nothing, and count what breaks the schema.

        Args:
            progress: See ``batches``.

        Returns:
            The report.

        Raises:
            InvalidDataError: The file is damaged, or a record has the wrong number of fields.
            StorageError: The file cannot be read.
        """
        reading = self._reading("drop", progress)
        for _ in reading.judged():
            pass
        return reading.report

    def sink(
        self,
        path: str | PathLike[str],
        policy: Policy = "error",
        *,
        quarantine: str | PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> ValidationReport:
        """Write the rows that keep the schema to a file, all at once or not at all.

        Args:
            path: The file to write or replace: Parquet, CSV or JSON lines by its suffix, the last two also with ``.gz``
                or ``.zst``.
            policy: What becomes of a row that breaks the schema: ``error`` stops and leaves the old file, ``drop``
                leaves the row out, ``quarantine`` also writes it, as it was read, with file, row, line and reasons,
                beside.
            quarantine: File for those rows, its format by its suffix; ``<path>.quarantine.parquet`` unless given. It
                appears before ``path`` does, even if empty.
            progress: See ``batches``.

        Returns:
            The report.

        Raises:
            InvalidDataError: See ``batches``; or the format cannot say a value, as NaN in JSON lines.
            StorageError: A file cannot be read or written.
            ConfigurationError: There is no such policy; or a file to write is one that is read, or both are one.
            UnsupportedFormatError: The suffix is of no table.
        """
        check_policy(policy)
        path, aside = Path(path), None
        if policy == "quarantine":
            stem = path.name.partition(".")[0] if path.suffix.lower() in (".gz", ".zst") else path.stem
            aside = Path(quarantine) if quarantine else path.with_name(f"{stem}.quarantine.parquet")
        check_targets(self.files, path, aside)
        reading = self._reading(policy, progress, aside)
        write_rows(path, reading.types, reading.good, before_done=reading.set_aside)
        return reading.report

    def to_polars(self) -> pl.DataFrame:
        """Read all rows into a polars frame; see ``collect``."""
        return self.collect()

    def to_arrow(self) -> Any:
        """Read all rows into a ``pyarrow.Table``; see ``collect``.

        Raises:
            ConfigurationError: pyarrow is not installed.
        """
        require_package("pyarrow", "pip install pyarrow")
        return self.collect().to_arrow()

    def to_pandas(self, *, arrow_types: bool = True) -> Any:
        """Read all rows into a ``pandas.DataFrame``; see ``collect``.

        Args:
            arrow_types: Keep every type and every missing value, in columns backed by Arrow; False gives numpy's, where
                a column of whole numbers with a missing one becomes floats.

        Raises:
            ConfigurationError: pandas or pyarrow is not installed.
            InvalidDataError: With ``arrow_types=False``, a whole number would be rounded.
        """
        require_package("pandas", "pip install pandas pyarrow")
        require_package("pyarrow", "pip install pandas pyarrow")
        return as_pandas(self.collect(), arrow_types=arrow_types)

    def to_numpy(self, *, layout: Layout = "matrix") -> "npt.NDArray[Any] | dict[str, npt.NDArray[Any]]":
        """Read all rows into arrays.

        Args:
            layout: ``matrix``, one array of shape (rows, columns), of numbers only; ``columns``, an array by name;
                ``structured``, one array of records. A missing number is NaN, a missing text None.

        Returns:
            The array or arrays.

        Raises:
            UsageError: There is no such layout, or a matrix is asked of columns that hold no numbers.
            InvalidDataError: See ``batches``; or a whole number would be rounded.
        """
        require_layout(layout)
        return as_arrays(self.collect(), layout)

    def to_torch(self, *, layout: Literal["columns", "matrix"] = "columns") -> Any:
        """Read all rows, of numbers and truth values only, into tensors.

        Args:
            layout: ``columns``, a tensor by name, each of its own type; ``matrix``, one of shape (rows, columns). A
                missing number is NaN.

        Returns:
            The tensor or tensors.

        Raises:
            ConfigurationError: torch is not installed.
            UsageError: There is no such layout, or a column holds no numbers.
            InvalidDataError: See ``to_numpy``.
        """
        require_layout(layout, ("columns", "matrix"))
        require_package("torch", "pip install 'groundwork[torch]'")
        return as_tensors(self.collect(), layout)

    def _reading(self, policy: Policy, progress: Progress | None, aside: Path | None = None) -> Reading:
        return Reading(self.source, self.schema, self.null_values, policy, progress, aside)
