"""What is asked of a split, checked before a row is looked at."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._whole import require_whole
from groundwork.errors import ConfigurationError, InvalidDataError

KINDS = ("random", "stratified", "group", "stratified-group", "time")
TRAIN, VALIDATION, TEST = 0, 1, 2
NAMES = ("train", "validation", "test")

Parts = npt.NDArray[np.int8]

# Text of one length in this shape sorts as the times that it names.
_ISO = r"^(\d{4}|(19|20)\d{6}|\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?)?)$"


@dataclass(frozen=True)
class Wish:
    """What a caller asked for.

    Attributes:
        kind: One of KINDS.
        test: Fraction for test.
        validation: Fraction for validation.
        column: The class or time, if any.
        group: The column of groups, if any.
        key: The columns of the key, if any.
        unit: Span of time that is never parted, if any.
        seed: Of shuffle and hashes.
    """

    kind: str
    test: float
    validation: float
    column: str | None
    group: str | None
    key: tuple[str, ...]
    unit: str | None
    seed: int

    @property
    def parts(self) -> int:
        """How many parts have rows."""
        return 3 if self.validation else 2

    @property
    def fractions(self) -> npt.NDArray[np.float64]:
        """Shares of train, validation if any, and test."""
        train = 1 - self.test - self.validation
        return np.array([train, self.validation, self.test] if self.validation else [train, self.test])

    def by_place(self, place: npt.NDArray[np.float64]) -> Parts:
        """Cut [0, 1) into test, validation and train.

        Args:
            place: A number a row.

        Returns:
            The part of each row.
        """
        parts = np.zeros(len(place), np.int8)
        parts[place < self.test + self.validation] = VALIDATION
        parts[place < self.test] = TEST
        return parts


def check_wish(wish: Wish) -> None:
    """Refuse what makes no sense with any table.

    Args:
        wish: What is asked.

    Raises:
        ConfigurationError: Fractions, kind, column, group, key, unit or seed make no sense.
    """
    kind = wish.kind
    if kind not in KINDS:
        raise ConfigurationError(f"split kind {kind!r} is not known", hint=f"use {', '.join(KINDS)}")
    for name in ("test", "validation"):
        if isinstance(given := getattr(wish, name), bool) or not isinstance(given, int | float):
            raise ConfigurationError(f"{name} is {given!r}, which is no fraction of the rows", hint=f"as {name}=0.15")
    require_whole("seed", wish.seed, 0)
    if not 0 < wish.test < 1 or not 0 <= wish.validation < 1 or wish.test + wish.validation >= 1:
        raise ConfigurationError(
            f"test {wish.test} and validation {wish.validation} leave no train rows or no test rows",
            hint="use fractions, as test: 0.15, whose sum is below 1",
        )
    if kind in ("stratified", "stratified-group", "time") and wish.column is None:
        raise ConfigurationError(f"a {kind} split needs a column", hint="name it, as column: time_hour")
    if kind == "group" and wish.column is not None:
        raise ConfigurationError(
            f"a group split has no classes, and column {wish.column!r} and group {wish.group!r} are given",
            hint="use kind stratified-group to share out the classes of column, or leave column out",
        )
    grouped = kind in ("group", "stratified-group")
    if grouped and wish.group is None:
        raise ConfigurationError(f"a {kind} split needs a group", hint="name its column, as group: patient")
    if wish.group is not None and not grouped:
        raise ConfigurationError(
            f"a {kind} split does not keep groups together, and group {wish.group!r} is given",
            hint="use kind group or stratified-group",
        )
    if wish.key and kind not in ("random", "stratified"):
        raise ConfigurationError(
            f"a {kind} split has no key, and key {', '.join(wish.key)} is given",
            hint="name a column for random or stratified; groups are hashed by themselves in kind group",
        )
    if wish.unit is not None and kind not in ("time", "group"):
        raise ConfigurationError(f"a {kind} split has no unit", hint="leave unit out, or use kind time or group")


def check_table(frame: pl.DataFrame, wish: Wish) -> None:
    """Refuse a table that cannot be parted so.

    Args:
        frame: The rows.
        wish: What is asked.

    Raises:
        InvalidDataError: Too few rows, no such column, missing values in a column that decides, or text that does not
            sort as the times that it names.
        ConfigurationError: The unit needs a time and the column is none.
    """
    if frame.height < wish.parts:
        raise InvalidDataError(
            f"{frame.height} row{' is' if frame.height == 1 else 's are'} too few for {wish.parts} parts",
            hint="check the filters before",
        )
    named = [name for name in (wish.column, wish.group, *wish.key) if name is not None]
    require_columns(frame, named)
    for name in named if wish.kind != "random" else wish.key:
        missing = frame[name].null_count()
        if missing:
            raise InvalidDataError(
                f"column {name} is missing in {missing:,} of {frame.height:,} rows, and they belong to no part",
                hint="drop these rows before the split, or split by another column",
                context={"column": name, "count": missing},
            )
    if wish.kind == "time":
        _check_order(frame[str(wish.column)])
    if wish.unit is not None:
        name = str(wish.group or wish.column)
        if not frame.schema[name].is_temporal():
            raise ConfigurationError(
                f"unit {wish.unit!r} needs a date or time, and column {name} is {frame.schema[name]}",
                hint="leave unit out",
            )


def _check_order(times: pl.Series) -> None:
    if not isinstance(times.dtype, pl.String | pl.Categorical):
        return
    text = times.cast(pl.String)
    odd = ~text.str.contains(_ISO) | (text.str.len_bytes() != text.str.len_bytes().first())
    if odd.any():
        value = text.filter(odd)[0]
        raise InvalidDataError(
            f"column {times.name} is text, which sorts letter by letter, and {value[:40]!r} is no ISO time, or of "
            f"another length than {text[0][:40]!r}",
            hint=f"make {times.name} a date, a time or a number first: declare it in the schema, or parse it",
            context={"column": times.name, "value": value},
        )
