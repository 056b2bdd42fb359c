"""A column out of the values that a program gives.

Rule: the type is one that holds every value as it is, whatever their order; where there is none the column is text. A
truth value is no number, and a number is no text, in lists and mappings too. Cost: one look at each value's type.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from numbers import Number
from typing import Any

import numpy as np
import polars as pl

from groundwork.errors import InvalidDataError

_KINDS = (
    (bool | np.bool_, bool),
    (int | np.integer, int),
    (float, float),
    (str, str),
    (list | tuple, list),
    (Mapping, Mapping),
)
_TYPES: Mapping[type, pl.DataType] = {
    bool: pl.Boolean(),
    float: pl.Float64(),
    str: pl.String(),
    bytes: pl.Binary(),
    dt.date: pl.Date(),
    dt.time: pl.Time(),
}
_WHOLE = (
    (range(-(2**63), 2**63), pl.Int64()),
    (range(2**64), pl.UInt64()),
    (range(-(2**127), 2**127), pl.Int128()),
)


def value_column(name: str, values: Sequence[Any], first_row: int) -> pl.Series:
    """Make a column.

    Args:
        name: Its name.
        values: Its values; None is missing.
        first_row: Number of the row of the first, for messages.

    Returns:
        The column. Whole numbers among fractions are fractions if none loses digits; times of several zones are in UTC.

    Raises:
        InvalidDataError: A value is of a type that no column can hold.
    """
    try:
        dtype = _dtype(values)
        if dtype is not None:
            return pl.Series(name, values, dtype)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        pass  # what polars makes no column of is written out as text, or refused there by row
    return pl.Series(name, [_text(value, first_row + at, name) for at, value in enumerate(values)], pl.String)


def _dtype(values: Iterable[Any]) -> pl.DataType | None:
    """Find the type that holds all values; None if there is none."""
    present = [value for value in values if value is not None]
    types = set(map(type, present))
    kinds = {_kind(each) for each in types}
    if not kinds:
        return pl.Null()
    if all(issubclass(kind, int | float | np.floating) and kind is not bool for kind in kinds):
        return _number(present, types)
    if kinds == {dt.datetime}:
        return _instant(present)
    if len(kinds) > 1:
        return None
    kind = kinds.pop()
    if kind is list:
        inner = _dtype(chain.from_iterable(present))
        return None if inner is None else pl.List(inner)
    if kind is Mapping:
        return _struct(present)
    return _TYPES.get(kind) or _inferred(present)


def _kind(found: type) -> type:
    return next((kind for family, kind in _KINDS if issubclass(found, family)), found)


def _number(values: list[Any], types: set[type]) -> pl.DataType | None:
    if types == {int}:
        ends = min(values), max(values)
        return next((dtype for span, dtype in _WHOLE if ends[0] in span and ends[1] in span), None)
    if types == {float}:
        return pl.Float64()
    if len(types) == 1:
        return _inferred(values)
    whole = [int(value) for value in values if isinstance(value, int | np.integer)]
    if len(whole) == len(values):
        return _number(whole, {int})
    return pl.Float64() if all(float(value) == value for value in whole) else None


def _instant(values: list[dt.datetime]) -> pl.DataType | None:
    zones = {value.tzinfo for value in values}
    if len(zones) == 1:
        return _inferred(values)
    return None if None in zones else pl.Datetime("us", "UTC")


def _struct(values: list[Mapping[Any, Any]]) -> pl.DataType | None:
    names = dict.fromkeys(chain.from_iterable(values))
    found = {name: _dtype(value.get(name) for value in values) for name in names}
    fields = {name: dtype for name, dtype in found.items() if dtype is not None and isinstance(name, str)}
    return pl.Struct(fields) if len(fields) == len(names) else None


def _inferred(values: list[Any]) -> pl.DataType | None:
    dtype = pl.Series(values).dtype
    return None if dtype == pl.Object else dtype


def _text(value: Any, row: int, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, default=str)
    raise InvalidDataError(
        f"iterable: row {row:,}, column {name}: {str(value)[:40]!r} is {type(value).__name__}, which no column holds",
        hint="give text, a number, a truth value, a date or time, or a list or mapping of these",
        context={"row": row, "column": name},
    )
