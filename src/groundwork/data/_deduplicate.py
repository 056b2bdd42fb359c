"""Rows that occur more than once, removed.

Rule: the rows that stay keep their order, and it is told which went. In memory the cells themselves are compared, so
that nothing goes by accident; with ``out`` see ``_deduplicate_file``. Missing equals missing, NaN equals NaN and 0.0
equals -0.0; text never equals a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._duplicates import DuplicateReport, Keep, Rows, examples_of, kept_rows, ranks
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError

if TYPE_CHECKING:
    from groundwork.data._near import NearNumbers, NearText


@dataclass(frozen=True)
class Deduplicated:
    """A table without its repeated rows.

    Attributes:
        frame: The rows that stay, in their order.
        removed: How many went.
        removed_rows: For each row that went its ``index`` in the table, from 0, and the ``kept_index`` of the row that
            stays for it; missing where none does.
        report: The same in numbers and examples, to be shown.
    """

    frame: pl.DataFrame
    removed: int
    removed_rows: pl.DataFrame
    report: DuplicateReport

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"rows": self.frame.height, "removed": self.removed}


def deduplicate(
    table: Any,
    *,
    columns: Sequence[str] | None = None,
    keep: Keep = "first",
    by: str | None = None,
    descending: bool = True,
    near: "NearText | NearNumbers | None" = None,
) -> Deduplicated:
    """Remove duplicates; missing equals missing.

    Args:
        table: A Dataset, a polars frame, or any table with ``__arrow_c_stream__``.
        columns: Columns that make a row the same; all unless given.
        keep: Which of equal rows stays: the first, the last, none of them, or the best by a column.
        by: The column for ``best``. Of equal values the first row stays; a missing one is worse than any other.
        descending: Whether the largest value is best.
        near: What makes rows nearly the same, instead of equal columns.

    Returns:
        The rows that stay, and what went.

    Raises:
        InvalidDataError: There is no such column.
        ConfigurationError: ``columns`` is empty, ``keep`` is none of the four, or options do not go together.
        UsageError: It is no table.
    """
    check_options(columns, keep, by, near)
    frame = as_frame(table)
    require_columns(frame, [*(columns or []), *([by] if by is not None else [])])
    if not frame.width:
        return Deduplicated(frame, 0, _removed(np.empty(0, np.int64), np.empty(0, np.int64)), DuplicateReport(0, 0))
    groups = _groups(frame, columns) if near is None else _near(frame, near)
    ranked = ranks(frame[by], descending=descending) if by is not None else None
    kept = kept_rows(groups, keep, ranked)
    rows = np.arange(frame.height, dtype=np.int64)
    gone = np.flatnonzero(kept != rows)
    rest = frame.filter(pl.Series(kept == rows)) if len(gone) else frame
    report = DuplicateReport(frame.height, rest.height, examples_of(gone, kept[gone]))
    return Deduplicated(rest, len(gone), _removed(gone, kept[gone]), report)


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


def _removed(gone: Rows, kept: Rows) -> pl.DataFrame:
    stays = pl.when(pl.col("kept_index") >= 0).then("kept_index").alias("kept_index")
    return pl.DataFrame({"index": gone, "kept_index": kept}).with_columns(stays)


def _groups(frame: pl.DataFrame, columns: Sequence[str] | None) -> Rows:
    keys = list(dict.fromkeys(columns)) if columns is not None else frame.columns
    # Under names of their own, which clash with none.
    named = {f"key {at}": frame[name] for at, name in enumerate(keys)}
    row = pl.int_range(frame.height, dtype=pl.Int64, eager=True)
    return pl.DataFrame({**named, "row": row}).select(pl.col("row").min().over(list(named)))["row"].to_numpy()


def _near(frame: pl.DataFrame, near: "NearText | NearNumbers") -> Rows:
    from groundwork.data._near import near_groups

    return near_groups(frame, near)
