"""Rows that occur more than once, removed.

Rule: the rows that stay keep their order, and it is told which went. In memory the cells themselves are compared, so
that nothing goes by accident; with ``out`` see ``_deduplicate_file``. Missing equals missing, NaN equals NaN and 0.0
equals -0.0; text never equals a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._duplicates import DuplicateReport, Keep, Rows, examples_of, kept_rows, ranks
from groundwork.data._equal_rows import first_equal
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from groundwork.data._dataset import Batches, Dataset, Policy
    from groundwork.data._near import NearNumbers, NearText
    from groundwork.data._sources import Progress


_MEMORY_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Deduplicated:
    """A table without its repeated rows.

    Attributes:
        report: What was removed, in numbers and examples, to be shown.
        path: The file that was written, or None.
    """

    report: DuplicateReport
    path: Path | None = None
    _frame: pl.DataFrame | None = None
    _removed_rows: pl.DataFrame | None = None
    _types: Mapping[str, pl.DataType] = field(default_factory=dict)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The rows that stay, in their order and with the table's types.

        Read into memory from the file, if there is one, at the first access.

        Raises:
            StorageError: The file cannot be read.
            InvalidDataError: The file has become another since.
        """
        if self._frame is not None:
            return self._frame
        assert self.path is not None
        from groundwork.data._writing import read_rows

        # JSON lines without rows have no columns.
        return read_rows(self.path, self._types) if self.report.rows_out else pl.DataFrame(schema=self._types)

    @property
    def removed(self) -> int:
        """How many rows went."""
        return self.report.removed

    @property
    def removed_rows(self) -> pl.DataFrame:
        """The rows that went: ``index`` in the table, from 0, and ``kept_index`` of the row that stays for it.

        ``kept_index`` is missing where none stays.

        Raises:
            UsageError: The rows went to a file; the report has the first.
        """
        if self._removed_rows is None:
            raise UsageError("with out, removed rows are counted and not listed", hint="see .report.examples")
        return self._removed_rows

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"rows": self.report.rows_out, "removed": self.removed}


def deduplicate(
    table: Any,
    *,
    columns: Sequence[str] | None = None,
    keep: Keep = "first",
    by: str | None = None,
    descending: bool = True,
    near: "NearText | NearNumbers | None" = None,
    out: str | PathLike[str] | None = None,
    policy: "Policy" = "error",
    quarantine: str | PathLike[str] | None = None,
    memory_bytes: int = _MEMORY_BYTES,
    progress: "Progress | None" = None,
) -> Deduplicated:
    """Remove duplicates; missing equals missing.

    Args:
        table: A Dataset, a polars frame, or any table that ``Dataset.scan`` takes.
        columns: Columns that make a row the same; all unless given.
        keep: Which of equal rows stays: the first, the last, none of them, or the best by a column.
        by: The column for ``best``. Of equal values the first row stays; a missing one is worse than any other.
        descending: Whether the largest value is best.
        near: What makes rows nearly the same, instead of equal columns; all rows are read into memory.
        out: A Parquet, CSV or JSON lines file to write, of a table of any size, by its suffix. It appears whole or not
            at all; what waits its turn lies in a temporary file beside it, which goes with the process.
        policy: With ``out``, what becomes of rows that break the schema; see ``Dataset.batches``.
        quarantine: With that policy, the file for them; see ``Dataset.batches``.
        memory_bytes: With ``out`` and ``first``, what the hashes of different rows may take, 40 bytes each, before
            further rows wait on disk.
        progress: With ``out``, called now and then with the bytes read and their total.

    Returns:
        The rows that stay, and what went.

    Raises:
        InvalidDataError: There is no such column; or the table breaks its schema or is damaged.
        ConfigurationError: ``columns`` is empty, ``keep`` is none of the four, or options do not go together.
        UsageError: It is no table.
        StorageError: A file cannot be read or written.
    """
    check_options(columns, keep, by, near)
    if out is not None:
        if near is not None:
            raise ConfigurationError("near compares all rows in memory", hint="leave out away, and write .frame")
        dataset = _dataset(table)
        from groundwork.data._targets import check_targets

        check_targets(dataset.files, Path(out), Path(quarantine) if policy == "quarantine" and quarantine else None)
        batches = dataset.batches(policy=policy, quarantine=quarantine, progress=progress)
        return _to_file(batches, Path(out), columns, keep, by, descending=descending, memory_bytes=memory_bytes)
    frame = as_frame(table)
    require_columns(frame, [*(columns or []), *([by] if by is not None else [])])
    if not frame.width:
        nothing = np.empty(0, np.int64)
        return Deduplicated(DuplicateReport(0, 0), None, frame, _removed(nothing, nothing))
    groups = _groups(frame, columns) if near is None else _near(frame, near)
    ranked = ranks(frame[by], descending=descending) if by is not None else None
    kept = kept_rows(groups, keep, ranked)
    stays = kept == np.arange(frame.height)
    gone = np.flatnonzero(~stays)
    rest = frame.filter(pl.Series(stays)) if len(gone) else frame
    report = DuplicateReport(frame.height, rest.height, examples_of(gone, kept[gone]))
    return Deduplicated(report, None, rest, _removed(gone, kept[gone]))


def check_options(columns: Sequence[str] | None, keep: str, by: str | None, near: object) -> None:
    """Refuse options that mean nothing, before anything is read.

    Args:
        columns: See ``deduplicate``.
        keep: See ``deduplicate``.
        by: See ``deduplicate``.
        near: See ``deduplicate``.

    Raises:
        ConfigurationError: See ``deduplicate``.
    """
    if keep not in get_args(Keep):
        raise ConfigurationError(f"keep {keep!r} is not known", hint="use first, last, none or best")
    if isinstance(columns, str):
        raise ConfigurationError(f"columns is the text {columns!r}", hint=f"give a list: columns=[{columns!r}]")
    if columns is not None and not columns:
        raise ConfigurationError("no columns to compare rows by", hint="name some, or leave columns out for all")
    if (keep == "best") != (by is not None):
        raise ConfigurationError(
            f"keep={keep!r} with by={by!r}",
            hint="keep='best' and by='column' need each other: the column says what is best",
        )
    if near is not None and columns is not None:
        raise ConfigurationError("both columns and near say what is the same", hint="near names its own columns")


def _dataset(table: Any) -> "Dataset":
    from groundwork.data._dataset import Dataset

    return table if isinstance(table, Dataset) else Dataset.scan(table)


def _to_file(
    batches: "Batches",
    out: Path,
    columns: Sequence[str] | None,
    keep: Keep,
    by: str | None,
    *,
    descending: bool,
    memory_bytes: int,
) -> Deduplicated:
    from groundwork.data._deduplicate_file import Sieve
    from groundwork.data._writing import write_rows

    types = batches.types
    require_columns(pl.DataFrame(schema=types), [*(columns or []), *([by] if by is not None else [])])
    keys = list(dict.fromkeys(columns)) if columns is not None else list(types)
    sieve = Sieve(keys, keep, by, descending=descending, memory_bytes=memory_bytes, folder=out.absolute().parent)
    write_rows(out, types, lambda: sieve.passed(batches.of_any_size()))
    return Deduplicated(sieve.report(), out, _types=types)


def _removed(gone: Rows, kept: Rows) -> pl.DataFrame:
    stays = pl.when(pl.col("kept_index") >= 0).then("kept_index").alias("kept_index")
    return pl.DataFrame({"index": gone, "kept_index": kept}).with_columns(stays)


def _groups(frame: pl.DataFrame, columns: Sequence[str] | None) -> Rows:
    return first_equal(frame, list(dict.fromkeys(columns)) if columns is not None else frame.columns)


def _near(frame: pl.DataFrame, near: "NearText | NearNumbers") -> Rows:
    from groundwork.data._near import near_groups

    return near_groups(frame, near)
