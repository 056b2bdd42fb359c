"""Which row of several equal ones stays, and what is told of the others.

Rule: what is decided here depends on the order of the rows alone, never on the order in which groups were found.
Cost: a few passes over vectors of one number a row; ``best`` sorts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Keep = Literal["first", "last", "none", "best"]
Rows = npt.NDArray[np.int64]

EXAMPLES = 10


@dataclass(frozen=True)
class DuplicateReport:
    """What was removed, and for which row.

    Attributes:
        rows_in: Rows read.
        rows_out: Rows that stay.
        examples: The first removed rows, each with the row that stayed in its place, or None; the first row of a table
            is 1, as in a ``ValidationReport``.
        collision_probability: Bound of the chance that a row was removed that equals no other, if hashes are as random
            numbers; 0 where the cells themselves were compared.
    """

    rows_in: int
    rows_out: int
    examples: list[tuple[int, int | None]] = field(default_factory=list)
    collision_probability: float = 0.0

    @property
    def removed(self) -> int:
        """How many rows went."""
        return self.rows_in - self.rows_out

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "removed": self.removed,
            "examples": list(map(list, self.examples)),
            "collision_probability": self.collision_probability,
        }

    def __str__(self) -> str:
        lines = [f"{self.rows_in:,} rows in, {self.rows_out:,} out, {self.removed:,} removed"]
        for row, kept in self.examples:
            lines.append(f"row {row:,} went" + ("" if kept is None else f" for row {kept:,}"))
        if self.removed > len(self.examples) > 0:
            lines.append(f"and {self.removed - len(self.examples):,} more")
        return "\n".join(lines)


def kept_rows(groups: Rows, keep: Keep, ranks: Rows | None = None) -> Rows:
    """Decide for each row which one stays for it.

    Args:
        groups: For each row the first row that equals it; itself where none does.
        keep: The first, the last, none of several, or the one of the highest rank, of equal ranks the first.
        ranks: For ``best``; a row without a value has 0.

    Returns:
        For each row the row that stays: itself where it does, -1 where none does.
    """
    if keep == "first":
        return groups
    rows = np.arange(len(groups), dtype=np.int64)
    if keep == "none":
        alone = np.bincount(groups, minlength=len(groups))[groups] == 1
        return np.where(alone, rows, -1)
    # Of several values for one index numpy keeps the last.
    order = rows if ranks is None else np.lexsort((-rows, ranks))
    chosen = np.empty_like(groups)
    chosen[groups[order]] = order
    kept: Rows = chosen[groups]
    return kept


def ranks(values: pl.Series, *, descending: bool) -> Rows:
    """Order the values of the column that says which row is best.

    Args:
        values: The column; what is missing or NaN is worse than any value.
        descending: Whether the largest is best.

    Returns:
        A rank for each row, 0 for none; equal values have equal ranks.
    """
    if values.dtype.is_float():
        values = values.fill_nan(None)
    ranked = values.rank("dense", descending=not descending)
    return ranked.cast(pl.Int64).fill_null(0).to_numpy()


def examples_of(gone: Sequence[int] | Rows, kept: Sequence[int] | Rows) -> list[tuple[int, int | None]]:
    """Tell the first removed rows as a report does, counted from 1.

    Args:
        gone: Rows counted from 0.
        kept: The row that stayed for each, or -1.

    Returns:
        Pairs; at most ten.
    """
    pairs = zip(gone[:EXAMPLES], kept[:EXAMPLES], strict=True)
    return [(int(row) + 1, int(stays) + 1 if stays >= 0 else None) for row, stays in pairs]
