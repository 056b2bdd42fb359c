"""Cells of text turned into typed values.

Rule: a value's meaning depends on its column's declared type alone, never on its neighbours or on the size of a chunk.
What does not parse becomes null here; the caller compares with the text and says where. Cost: one vectorised cast.
"""

from collections.abc import Sequence

import polars as pl

_NAIVE = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_HAS_ZONE = r"(?:[Zz]|[+-]\d\d:?\d\d)$"


def parse_column(text: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Read a column of text as values of one type.

    Args:
        text: Strings; null where missing.
        dtype: What to read them as. Times are ISO 8601: a ``Datetime`` with a zone wants an offset or ``Z`` in every
            value, one without wants none. Booleans are true, false, 1 and 0 in any case.

    Returns:
        A column of that type, null where the text is missing, empty or does not parse; text stays as it is.
    """
    if isinstance(dtype, pl.String):
        return text
    if isinstance(dtype, pl.Boolean):
        return text.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    if isinstance(dtype, pl.Date):
        return text.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(dtype, pl.Datetime):
        return _datetimes(text, dtype)
    return text.cast(dtype, strict=False)


def unparsed(text: pl.Series, values: pl.Series) -> pl.Series:
    """Mark the cells that hold text but got no value.

    Args:
        text: As given to ``parse_column``.
        values: As it returned them.

    Returns:
        A boolean column, never null.
    """
    return values.is_null() & text.is_not_null() & (text != "").fill_null(False)


def has_zone(value: str) -> bool:
    """Tell whether a time in text carries an offset or ``Z``.

    Args:
        value: ISO 8601 text.

    Returns:
        Whether it does.
    """
    return bool(pl.Series([value]).str.contains(_HAS_ZONE).item())


def _datetimes(text: pl.Series, dtype: pl.Datetime) -> pl.Series:
    if dtype.time_zone is None:
        return _first_format(text, _NAIVE, dtype)
    offset = text.str.replace("[Zz]$", "+00:00")
    return _first_format(offset, _ZONED, pl.Datetime(dtype.time_unit, "UTC")).dt.convert_time_zone(dtype.time_zone)


def _first_format(text: pl.Series, formats: Sequence[str], dtype: pl.Datetime) -> pl.Series:
    text = text.str.replace("^(.{10})[t ]", "${1}T")
    parsed = pl.Series(text.name, [], dtype).extend_constant(None, len(text))
    for form in formats:
        found = text.str.to_datetime(form, time_unit=dtype.time_unit, time_zone=dtype.time_zone, strict=False)
        parsed = parsed.zip_with(parsed.is_not_null(), found)
        if parsed.null_count() == text.null_count():
            break
    return parsed
