"""Which rows came, went or changed between two tables that share a key.

Rule: missing equals missing; NaN is a value that equals itself, so that one that became missing has changed; a cell of
another type but the same text is the same. A key that stands twice in a table is refused, for then nobody can say which
row became which. Memory: both tables and one join.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from groundwork.data._column_summary import plain
from groundwork.data._columns import require_columns
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError, InvalidDataError

_EXAMPLES = 5


@dataclass(frozen=True)
class RowDiff:
    """What became of the rows.

    Attributes:
        key: The columns that say which row it is.
        added: Rows whose key only the second table has.
        removed: Rows whose key only the first table has.
        changed: Rows of one key with other cells.
        columns: Number of changed cells by column, of those that have any; most first.
        examples: A few changed cells: key, column, before, after.
        added_examples: A few keys that came.
        removed_examples: A few keys that went.
    """

    key: list[str]
    added: int
    removed: int
    changed: int
    columns: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[list[Any], str, Any, Any]] = field(default_factory=list)
    added_examples: list[list[Any]] = field(default_factory=list)
    removed_examples: list[list[Any]] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether both tables hold the same rows."""
        return not (self.added or self.removed or self.changed)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "examples": [list(each) for each in self.examples]}


def row_diff(before: Any, after: Any, key: Sequence[str]) -> RowDiff:
    """Compare the rows of two tables.

    Args:
        before: A Dataset, a polars frame, or any table that offers itself through Arrow.
        after: The other.
        key: Columns whose values together say which row it is.

    Returns:
        What came, went and changed; columns that only one of them has are left aside.

    Raises:
        ConfigurationError: No key is named.
        InvalidDataError: A table lacks a column of the key, or has two rows of one key.
    """
    keys = list(dict.fromkeys(key))
    if not keys:
        raise ConfigurationError("no columns make the key", hint="name the columns that say which row it is")
    one, two = (_keyed(as_frame(table), keys, what) for table, what in ((before, "the first"), (after, "the second")))
    shared = [name for name in one.columns if name in two.columns and name not in keys]
    one, two = _alike(one, two, keys)
    added = two.join(one, on=keys, how="anti", nulls_equal=True, maintain_order="left")
    removed = one.join(two, on=keys, how="anti", nulls_equal=True, maintain_order="left")
    joined = one.select(*keys, *(pl.col(name).alias(f"before {name}") for name in shared)).join(
        two.select(*keys, *(pl.col(name).alias(f"after {name}") for name in shared)),
        on=keys,
        nulls_equal=True,
        maintain_order="left",
    )
    masks = {name: joined[f"before {name}"].ne_missing(joined[f"after {name}"]) for name in shared}
    counts = {name: int(mask.sum()) for name, mask in masks.items()}
    changed = pl.Series([False]).new_from_index(0, joined.height)
    for mask in masks.values():
        changed = changed | mask
    ordered = sorted((name for name in shared if counts[name]), key=lambda name: -counts[name])
    return RowDiff(
        keys,
        added.height,
        removed.height,
        int(changed.sum()),
        {name: counts[name] for name in ordered},
        [_example(joined, keys, name, int(at)) for name in ordered for at in masks[name].arg_true()[:1]][:_EXAMPLES],
        _first(added, keys),
        _first(removed, keys),
    )


def _keyed(frame: pl.DataFrame, keys: list[str], what: str) -> pl.DataFrame:
    require_columns(frame, keys, what=f"{what} table")
    twice = frame.select(keys).is_duplicated()
    if twice.any():
        at = int(twice.arg_true()[0])
        value = ", ".join(str(cell) for cell in frame.select(keys).row(at))
        raise InvalidDataError(
            f"{what} table has {int(twice.sum()):,} rows that share their key {' and '.join(keys)}, as {value}",
            hint="name more columns as the key, or remove duplicates first",
            context={"columns": keys, "count": int(twice.sum())},
        )
    return frame


def _alike(one: pl.DataFrame, two: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    odd = [name for name in one.columns if name in two.columns and one.schema[name] != two.schema[name]]
    numbers = [name for name in odd if one.schema[name].is_numeric() and two.schema[name].is_numeric()]
    casts: list[pl.Expr] = [
        pl.col(name).cast(pl.Float64 if name in numbers and name not in keys else pl.String) for name in odd
    ]
    return one.with_columns(casts), two.with_columns(casts)


def _example(joined: pl.DataFrame, keys: list[str], name: str, at: int) -> tuple[list[Any], str, Any, Any]:
    row = joined.row(at, named=True)
    return [plain(row[key]) for key in keys], name, plain(row[f"before {name}"]), plain(row[f"after {name}"])


def _first(frame: pl.DataFrame, keys: list[str]) -> list[list[Any]]:
    return [[plain(cell) for cell in row] for row in frame.select(keys).head(_EXAMPLES).rows()]
