"""A table parted into train, validation and test.

Rule: the same rows, settings and seed give the same parts in every process and on every machine. A group, a key or a
unit of time never lies in two parts. With a key, and for groups, a row's part depends on nothing but its own key and
the seed: rows that come, go or change places move no other. Cost: one sort for a split by time, one pass otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

from groundwork.data._split_ways import ASSIGN, by_time
from groundwork.data._split_wish import NAMES, TEST, TRAIN, VALIDATION, Parts, Wish, check_table, check_wish
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError, InvalidDataError

Kind = Literal["random", "stratified", "group", "stratified-group", "time"]


@dataclass(frozen=True)
class Splits:
    """The parts of a table; together they hold every row once.

    Attributes:
        train: Rows to learn from.
        validation: Rows to choose by; without rows where none were asked for.
        test: Rows to report on.
        kind: How they were parted.
        column: The column by which, or None.
        boundaries: For a split by time, the first time (ISO 8601) of validation and of test.
        group: The column of groups, or None.
        key: The columns whose hash decided, or none.
    """

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    kind: str = "given"
    column: str | None = None
    boundaries: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    key: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return kind, column, group, key, rows of each part and boundaries, for JSON."""
        return {
            "kind": self.kind,
            "column": self.column,
            "group": self.group,
            "key": list(self.key),
            "rows": {name: getattr(self, name).height for name in NAMES},
            "boundaries": dict(self.boundaries),
        }


def split(
    frame: Any,
    *,
    kind: Kind,
    test: float,
    validation: float = 0.0,
    column: str | None = None,
    group: str | None = None,
    key: str | Sequence[str] | None = None,
    unit: str | None = None,
    seed: int = 0,
) -> Splits:
    """Part a table.

    Args:
        frame: The rows: a Dataset, a polars frame, or any table that offers itself through Arrow. It is not changed.
        kind: ``random``; ``stratified`` (each class of ``column`` in equal shares); ``group`` (all rows of one value of
            ``group`` in one part, chosen by a hash, so that new rows do not move old ones); ``stratified-group``
            (groups stay whole, and each class of ``column`` is shared out as evenly as they allow); ``time`` (sorted by
            ``column``, the latest rows are the test).
        test: Fraction of the rows for test: exact to one row (of each class) for random and stratified without a key,
            the nearest possible for units of time. Groups and keys are hashed, each falls to test with this
            probability: of n of them it is met within 4 * sqrt(test * (1 - test) / n), bar once in 15,000 seeds.
        validation: Fraction for validation, likewise.
        column: The class or time; for ``group`` another way to say ``group``.
        group: The column of the groups.
        key: One or more columns that say which row it is, for ``random`` and ``stratified``: a hash of them decides, so
            that a row never moves, whatever other rows come or go. Rows of one key stay together.
        unit: For time (or groups of a time column): as ``1d`` or ``1w``, in the column's own zone; the rows of one unit
            are never parted. Rows of one and the same instant never are.
        seed: Of the shuffle and of the hashes.

    Returns:
        The parts. Rows keep their order, except that a split by time sorts.

    Raises:
        ConfigurationError: Fractions, kind, column, group, key or unit make no sense.
        InvalidDataError: Too few rows, classes, groups or units; or missing values in the columns that decide.
    """
    if key is not None and not key:
        raise ConfigurationError("no columns make the key", hint="name some, or leave key out")
    if kind == "group" and group is None:
        column, group = None, column
    columns = (key,) if isinstance(key, str) else tuple(key or ())
    wish = Wish(kind, test, validation, column, group, columns, unit, seed)
    check_wish(wish)
    table = as_frame(frame)
    check_table(table, wish)
    if kind == "time":
        frames, boundaries = by_time(table, wish)
        return Splits(frames[0], frames[1], frames[2], kind=kind, column=column, boundaries=boundaries)
    parts = ASSIGN[kind](table, wish)
    _check_parts(table, wish, parts)
    train, middle, tested = (table.filter(pl.Series(parts == part)) for part in (TRAIN, VALIDATION, TEST))
    named = group if kind == "group" else column
    return Splits(train, middle, tested, kind=kind, column=named, group=group, key=columns)


def _check_parts(frame: pl.DataFrame, wish: Wish, parts: Parts) -> None:
    held = np.bincount(parts, minlength=len(NAMES))
    for part in (TRAIN, TEST, VALIDATION):
        if not held[part] and (part != VALIDATION or wish.validation):
            raise InvalidDataError(
                f"the {wish.kind} split of {frame.height:,} rows leaves {NAMES[part]} without rows",
                hint="use more rows, more groups, or a larger fraction",
            )
