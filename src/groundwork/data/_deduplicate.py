"""Rows that occur more than once, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from groundwork.data._columns import require_columns
from groundwork.errors import ConfigurationError


@dataclass(frozen=True)
class Deduplicated:
    """A table without its repeated rows.

    Attributes:
        frame: The rows that stay, in their order.
        removed: How many went.
    """

    frame: pl.DataFrame
    removed: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"rows": self.frame.height, "removed": self.removed}


def deduplicate(
    frame: pl.DataFrame, *, columns: Sequence[str] | None = None, keep: Literal["first", "last", "none"] = "first"
) -> Deduplicated:
    """Remove exact duplicates; missing equals missing.

    Args:
        frame: The table.
        columns: Columns that make a row the same; all unless given.
        keep: Which of equal rows stays: the first, the last, or none of them.

    Returns:
        The rest and the count.

    Raises:
        InvalidDataError: There is no such column.
        ConfigurationError: ``columns`` is empty, or ``keep`` is none of the three.
    """
    if keep not in ("first", "last", "none"):
        raise ConfigurationError(f"keep {keep!r} is not known", hint="use first, last or none")
    if columns is not None and not columns:
        raise ConfigurationError("no columns to compare rows by", hint="name some, or leave columns out for all")
    require_columns(frame, columns or [])
    rest = frame.unique(subset=list(columns) if columns else None, keep=keep, maintain_order=True)
    return Deduplicated(rest, frame.height - rest.height)
