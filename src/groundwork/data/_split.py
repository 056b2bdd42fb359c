"""A table parted into train, validation and test.

Rule: the same rows, settings and seed give the same parts in every process and on every machine. A group or a unit of
time never lies in two parts. Cost: one sort for a split by time, one pass otherwise.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._columns import require_columns
from groundwork.errors import ConfigurationError, InvalidDataError, first_line

Kind = Literal["random", "stratified", "group", "time"]

_TRAIN, _VALIDATION, _TEST = 0, 1, 2
_NAMES = ("train", "validation", "test")
_Parts = npt.NDArray[np.int8]


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
    """

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    kind: str = "given"
    column: str | None = None
    boundaries: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return kind, column, rows of each part and boundaries, for JSON."""
        rows = {name: getattr(self, name).height for name in _NAMES}
        return {"kind": self.kind, "column": self.column, "rows": rows, "boundaries": dict(self.boundaries)}


@dataclass(frozen=True)
class _Wish:
    test: float
    validation: float
    column: str | None
    unit: str | None
    seed: int

    @property
    def parts(self) -> int:
        return 3 if self.validation else 2


def split(
    frame: pl.DataFrame,
    *,
    kind: Kind,
    test: float,
    validation: float = 0.0,
    column: str | None = None,
    unit: str | None = None,
    seed: int = 0,
) -> Splits:
    """Part a table.

    Args:
        frame: The rows.
        kind: ``random``; ``stratified`` (each class of ``column`` in equal shares); ``group`` (all rows of one value of
            ``column`` in one part, chosen by a hash, so that new rows do not move old ones); ``time`` (sorted by
            ``column``, the latest rows are the test).
        test: Fraction of the rows for test; for groups and units of time the nearest possible.
        validation: Fraction for validation.
        column: The class, group or time.
        unit: For time (or groups of a time column): as ``1d`` or ``1w``, in the column's own zone; the rows of one unit
            are never parted. Rows of one and the same instant never are.
        seed: Of the shuffle, and of the hash of groups.

    Returns:
        The parts. Rows keep their order, except that a split by time sorts.

    Raises:
        ConfigurationError: Fractions, kind, column or unit make no sense.
        InvalidDataError: Too few rows, classes, groups or units; or missing values in the column.
    """
    _check(frame, kind, test, validation, column, unit)
    wish = _Wish(test, validation, column, unit, seed)
    if kind == "time":
        return _by_time(frame, wish)
    parts = _ASSIGN[kind](frame, wish)
    frames = [frame.filter(pl.Series(parts == part)) for part in (_TRAIN, _VALIDATION, _TEST)]
    for part, name in ((_TRAIN, "train"), (_TEST, "test"), (_VALIDATION, "validation")):
        if not frames[part].height and (part != _VALIDATION or validation):
            raise InvalidDataError(
                f"the {kind} split of {frame.height:,} rows leaves {name} without rows",
                hint="use more rows, more groups, or a larger fraction",
            )
    return Splits(frames[_TRAIN], frames[_VALIDATION], frames[_TEST], kind=kind, column=column)


def _check(
    frame: pl.DataFrame, kind: str, test: float, validation: float, column: str | None, unit: str | None
) -> None:
    if kind not in ("random", *_ASSIGN, "time"):
        raise ConfigurationError(f"split kind {kind!r} is not known", hint="use random, stratified, group or time")
    if not 0 < test < 1 or not 0 <= validation < 1 or test + validation >= 1:
        raise ConfigurationError(
            f"test {test} and validation {validation} leave no train rows or no test rows",
            hint="use fractions, as test: 0.15, whose sum is below 1",
        )
    if kind != "random" and column is None:
        raise ConfigurationError(f"a {kind} split needs a column", hint="name it, as column: time_hour")
    least = 3 if validation else 2
    if frame.height < least:
        raise InvalidDataError(f"{frame.height} rows are too few for {least} parts", hint="check the filters before")
    if column is None:
        return
    require_columns(frame, [column])
    missing = frame[column].null_count()
    if missing and kind != "random":
        raise InvalidDataError(
            f"column {column} is missing in {missing:,} of {frame.height:,} rows, and they belong to no part",
            hint="drop these rows before the split, or split by another column",
            context={"column": column, "count": missing},
        )
    if unit is not None and not frame.schema[column].is_temporal():
        raise ConfigurationError(
            f"unit {unit!r} needs a date or time, and column {column} is {frame.schema[column]}", hint="leave unit out"
        )


def _assign_shuffled(rows: int, wish: _Wish, rng: np.random.Generator) -> _Parts:
    # Each part gets at least one row; the caller has made sure that there are enough.
    test = max(1, round(rows * wish.test))
    validation = max(1, round(rows * wish.validation)) if wish.validation else 0
    test = min(test, rows - validation - 1)
    validation = min(validation, rows - test - 1)
    parts = np.zeros(rows, np.int8)
    order = rng.permutation(rows)
    parts[order[:test]] = _TEST
    parts[order[test : test + validation]] = _VALIDATION
    return parts


def _random(frame: pl.DataFrame, wish: _Wish) -> _Parts:
    return _assign_shuffled(frame.height, wish, np.random.default_rng(wish.seed))


def _stratified(frame: pl.DataFrame, wish: _Wish) -> _Parts:
    rng = np.random.default_rng(wish.seed)
    texts = frame[str(wish.column)].cast(pl.String)
    codes = texts.rank("dense").to_numpy()
    parts = np.zeros(frame.height, np.int8)
    for code in range(1, int(codes.max()) + 1):
        rows = np.flatnonzero(codes == code)
        if len(rows) < wish.parts:
            raise InvalidDataError(
                f"class {texts[int(rows[0])]!r} of {wish.column} has {len(rows)} row{'s' if len(rows) > 1 else ''}; "
                f"a stratified split into {wish.parts} parts needs {wish.parts} of each",
                hint="drop or merge the class, or use a random split",
                context={"column": wish.column, "class": texts[int(rows[0])], "count": len(rows)},
            )
        parts[rows] = _assign_shuffled(len(rows), wish, rng)
    return parts


def _group(frame: pl.DataFrame, wish: _Wish) -> _Parts:
    key = _unit_of(frame[str(wish.column)], wish.unit).cast(pl.String).alias("key")
    groups = key.unique().to_frame()
    places = pl.Series("place", [_place(value, wish.seed) for value in groups["key"]], pl.Float64)
    place = (
        key.to_frame()
        .join(groups.with_columns(places), on="key", how="left", maintain_order="left")["place"]
        .to_numpy()
    )
    parts = np.zeros(frame.height, np.int8)
    parts[place < wish.test + wish.validation] = _VALIDATION
    parts[place < wish.test] = _TEST
    return parts


def _place(value: str, seed: int) -> float:
    """Give a group its fixed place in [0, 1): a hash that no version of anything will change."""
    digest = hashlib.blake2b(f"{seed}\0{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


_ASSIGN: dict[str, Callable[[pl.DataFrame, _Wish], _Parts]] = {
    "random": _random,
    "stratified": _stratified,
    "group": _group,
}


def _by_time(frame: pl.DataFrame, wish: _Wish) -> Splits:
    column = str(wish.column)
    ordered = frame.sort(column, maintain_order=True)
    key = _unit_of(ordered[column], wish.unit)
    starts = np.flatnonzero((key != key.shift(1)).fill_null(True).to_numpy())[1:]
    if len(starts) < wish.parts - 1:
        what = f"units of {wish.unit}" if wish.unit else "different times"
        raise InvalidDataError(
            f"column {column} has {len(starts) + 1} {what}; {wish.parts} parts need at least {wish.parts}",
            hint="use a smaller unit or more rows",
            context={"column": column},
        )
    rows = frame.height
    test = _nearest(starts[1:] if wish.validation else starts, rows * (1 - wish.test))
    validation = _nearest(starts[starts < test], rows * (1 - wish.test - wish.validation)) if wish.validation else test
    begins = {"validation": validation, "test": test} if wish.validation else {"test": test}
    return Splits(
        ordered[:validation],
        ordered[validation:test],
        ordered[test:],
        kind="time",
        column=column,
        boundaries={name: _iso(ordered[column][at]) for name, at in begins.items()},
    )


def _nearest(starts: npt.NDArray[np.int64], wanted: float) -> int:
    return int(starts[np.argmin(np.abs(starts - wanted))])


def _unit_of(values: pl.Series, unit: str | None) -> pl.Series:
    if unit is None:
        return values
    try:
        return values.dt.truncate(unit)
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(
            f"unit {unit!r} is not understood: {first_line(error)}", hint="write 1h, 1d, 1w or 1mo"
        ) from None


def _iso(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
