"""Cells turned into values of their declared type: the one code for training, files and requests of text.

Rule: a value's meaning depends on its column's declared type alone, never on its neighbours or on the size of a chunk.
What does not fit becomes null here; ``misfits`` tells it from what was missing. Cost: one vectorised cast.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_NAIVE = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_HAS_ZONE = r"(?:[Zz]|[+-]\d\d:?\d\d)$"


def cast_column(column: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    """Bring a column to a type.

    Args:
        column: Text, or any other type.
        dtype: What to make of it. Times in text are ISO 8601: a ``Datetime`` with a zone wants an offset or ``Z`` in
            every value, one without wants none. Booleans are true, false, 1 and 0 in any case. A number with a
            fraction fits no integer.

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
    if dtype.is_integer() and (column.dtype.is_float() or column.dtype.is_decimal()):
        return values.set((values.cast(column.dtype) != column).fill_null(False), None)
    return values


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


def has_zone(value: str) -> bool:
    """Tell whether a time in text carries an offset or ``Z``.

    Args:
        value: ISO 8601 text.

    Returns:
        Whether it does.
    """
    import polars as pl

    return bool(pl.Series([value]).str.contains(_HAS_ZONE).item())


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
    return text.cast(dtype, strict=False)


def _datetimes(text: "pl.Series", dtype: "pl.Datetime") -> "pl.Series":
    import polars as pl

    zone, read = dtype.time_zone, dtype if dtype.time_zone is None else pl.Datetime(dtype.time_unit, "UTC")
    formats = _NAIVE if zone is None else _ZONED
    parsed = _parsed_as(text, formats[0], read)
    if parsed.null_count() != text.null_count():  # another spelling, or no time; the patterns below are slow
        common = text if zone is None else text.str.replace("[Zz]$", "+00:00")
        parsed = _first_format(common.str.replace("^(.{10})[t ]", "${1}T"), formats, read)
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
