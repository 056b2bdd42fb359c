"""Cells turned into values of their declared type: the one code for training, files and requests of text.

Rule: a value's meaning depends on its column's declared type alone, never on its neighbours or on the size of a chunk.
What does not fit, or would be bent, becomes null here; ``misfits`` tells it from what was missing.
Cost: one vectorised cast, and of numbers one back.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_NAIVE = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_DIGITS = {"ms": 3, "us": 6, "ns": 9}
_SHOWN = 40
_HAS_ZONE = r"(?:[Zz]|[+-]\d\d:?\d\d)$"


def cast_column(column: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    """Bring a column to a type.

    Args:
        column: Text, or any other type.
        dtype: What to make of it. Times in text are ISO 8601: a ``Datetime`` with a zone wants an offset or ``Z`` in
            every value, one without wants none. Booleans are true, false, 1 and 0 in any case. What would not come
            back does not fit: a fraction in an integer, digits beyond those of a decimal or a time, a whole number that
            a float cannot hold, one that becomes infinite. Fractions are rounded to the nearest float.

    Returns:
        A column of that type, null where the cell is missing, is empty text or does not fit; text stays as it is.
    """
    import polars as pl

    if column.dtype == dtype:
        return column
    if column.dtype == pl.String:
        return _parsed(column, dtype)
    try:
        values = column.cast(dtype, strict=False)
    except pl.exceptions.PolarsError:
        return _nothing(column, dtype)
    if values.dtype != dtype:  # polars casts the fields of a struct, and leaves it one
        return _nothing(column, dtype)
    return values.set(_bent(column, values), None)


def misfits(column: "pl.Series", values: "pl.Series") -> "pl.Series":
    """Mark the cells that hold something but got no value.

    Args:
        column: As given to ``cast_column``.
        values: As it returned them.

    Returns:
        A boolean column, never null.
    """
    import polars as pl

    missing = column.is_null()
    if column.dtype == pl.String:
        missing = missing | (column == "")
    return values.is_null() & ~missing


def misfit_advice(dtype: "pl.DataType", value: str) -> str:
    """Tell what to do about a cell that is not of its column's type.

    Args:
        dtype: The type.
        value: The cell.

    Returns:
        A sentence.
    """
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return (
            "every time in this column must have an offset or Z"
            if dtype.time_zone
            else "declare Datetime[UTC] if times have an offset; write 2013-01-31T10:00:00"
        )
    if isinstance(dtype, pl.Date):
        return "write dates as 2013-01-31"
    if dtype.is_integer() and pl.Series([value]).cast(pl.Float64, strict=False).is_not_null().item():
        return "declare the column Float64, or a wider integer"
    return f"correct the value, declare the column String, or add {value[:_SHOWN]!r} to null_values"


def has_zone(value: str) -> bool:
    """Tell whether a time in text carries an offset or ``Z``.

    Args:
        value: ISO 8601 text.

    Returns:
        Whether it does.
    """
    import polars as pl

    return bool(pl.Series([value]).str.contains(_HAS_ZONE).item())


def _bent(column: "pl.Series", values: "pl.Series") -> "pl.Series":
    """Mark the values that have lost something."""
    import polars as pl

    if values.dtype.is_float() and column.dtype.is_float():
        return (values.is_infinite() & ~column.is_infinite()).fill_null(False)
    if values.dtype == pl.String:
        return values.is_null() & False
    try:
        back = values.cast(column.dtype, strict=False)
    except pl.exceptions.PolarsError:
        return values.is_null() & False
    return back.ne_missing(column) if back.dtype == column.dtype else values.is_null() & False


def _nothing(column: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    import polars as pl

    return pl.Series(column.name, [], dtype).extend_constant(None, len(column))


def _parsed(text: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    import polars as pl

    if isinstance(dtype, pl.Boolean):
        return text.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    if isinstance(dtype, pl.Date):
        return text.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(dtype, pl.Datetime):
        return _datetimes(text, dtype)
    if isinstance(dtype, pl.Time):
        times = text.str.to_time("%H:%M:%S%.f", strict=False)
        return times.set(_cut(text, r"\.", _DIGITS["ns"]), None)
    values = text.cast(dtype, strict=False)
    if isinstance(dtype, pl.Decimal):
        exponent = text.str.contains("[eE]-").fill_null(False)  # polars drops its digits
        return values.set(_cut(text, r"\.", dtype.scale) | exponent, None)
    if dtype.is_float():
        return values.set(_no_float(text, values), None)
    return values


def _cut(text: "pl.Series", point: str, digits: int) -> "pl.Series":
    """Mark the texts that have digits other than 0 after so many."""
    return text.str.contains(rf"{point}\d{{{digits}}}\d*[1-9]").fill_null(False)


def _no_float(text: "pl.Series", values: "pl.Series") -> "pl.Series":
    import polars as pl

    exact = 2.0**24 if values.dtype == pl.Float32 else 2.0**53
    large = (values.abs() >= exact).fill_null(False)
    if not large.any():
        return large
    # A float has the whole numbers up to there, and then not all; what has a point or an exponent is rounded anyway.
    whole = large & text.str.contains("^[+-]?[0-9]+$")
    bent = [
        mark and int(cell) not in (int(value), int(Decimal(repr(value)))) if math.isfinite(value or 0.0) else mark
        for mark, cell, value in zip(whole, text, values, strict=True)
    ]
    return pl.Series(bent, dtype=pl.Boolean).fill_null(False) | (
        large & values.is_infinite() & text.str.contains("[0-9]")
    )


def _datetimes(text: "pl.Series", dtype: "pl.Datetime") -> "pl.Series":
    import polars as pl

    zone, read = dtype.time_zone, dtype if dtype.time_zone is None else pl.Datetime(dtype.time_unit, "UTC")
    formats = _NAIVE if zone is None else _ZONED
    parsed = _parsed_as(text, formats[0], read)
    if parsed.null_count() != text.null_count():  # another spelling, or no time; the patterns below are slow
        common = text if zone is None else text.str.replace("[Zz]$", "+00:00")
        parsed = _first_format(common.str.replace("^(.{10})[t ]", "${1}T"), formats, read)
    digits = _DIGITS[dtype.time_unit]
    if (text.str.len_bytes() > len("2013-01-31T06:00:00.") + digits).any():
        parsed = parsed.set(_cut(text, r":\d\d\.", digits), None)
    return parsed if zone is None else parsed.dt.convert_time_zone(zone)


def _first_format(text: "pl.Series", formats: Sequence[str], dtype: "pl.Datetime") -> "pl.Series":
    parsed = _nothing(text, dtype)
    for form in formats:
        parsed = parsed.zip_with(parsed.is_not_null(), _parsed_as(text, form, dtype))
        if parsed.null_count() == text.null_count():
            break
    return parsed


def _parsed_as(text: "pl.Series", form: str, dtype: "pl.Datetime") -> "pl.Series":
    return text.str.to_datetime(form, time_unit=dtype.time_unit, time_zone=dtype.time_zone, strict=False)
