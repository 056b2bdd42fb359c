"""Tables that keep their schema.

Rule: what is drawn passes ``Dataset.validate``. Columns are drawn value by value; keys and rules that read several
columns then drop the rows that break them.
"""

import datetime
import re
from typing import TYPE_CHECKING, Any

from groundwork.errors import UsageError
from groundwork.testing._strategies import hypothesis
from groundwork.testing._strategies import strategies as st

if TYPE_CHECKING:
    import polars as pl

    from groundwork.data import Column, Schema

_WHOLE = re.compile(r"(U?)Int(\d+)")


def datasets(
    schema: "Schema", *, min_rows: int = 0, max_rows: int = 20, allow_nan: bool = False
) -> st.SearchStrategy["pl.DataFrame"]:
    """Draw tables that a schema allows.

    Args:
        schema: The columns, keys and rules.
        min_rows: Least rows.
        max_rows: Most rows, before keys and rules drop any.
        allow_nan: Whether floats without bounds may be NaN or infinite.

    Returns:
        A strategy of polars frames, with the schema's columns in its order.

    Raises:
        UsageError: The numbers of rows make no sense.
    """
    if not 0 <= min_rows <= max_rows:
        raise UsageError(f"min_rows {min_rows} and max_rows {max_rows}: give 0 or more, and the smaller first")
    cells = {name: _cells(column, allow_nan) for name, column in schema.columns.items()}
    unique = tuple(name for name, column in schema.columns.items() if column.unique)

    @st.composite
    def drawn(draw: Any) -> "pl.DataFrame":
        rows = draw(
            st.lists(
                st.fixed_dictionaries(cells),
                min_size=min_rows,
                max_size=max_rows,
                unique_by=tuple(_key(name) for name in unique) or None,
            )
        )
        frame = _kept(_frame(schema, rows), schema)
        hypothesis.assume(frame.height >= min_rows)
        return frame

    return drawn()


def _key(name: str) -> Any:
    # A missing value repeats nothing.
    return lambda row: row[name] if row[name] is not None else object()


def _cells(column: "Column", allow_nan: bool) -> st.SearchStrategy[Any]:
    values = _values(column, allow_nan)
    return st.none() | values if column.nullable else values


def _values(column: "Column", allow_nan: bool) -> st.SearchStrategy[Any]:
    low, high = column.bound("min"), column.bound("max")
    if column.allowed is not None:
        return st.sampled_from([value for value in _allowed(column) if _within(value, low, high)])
    if (whole := _WHOLE.fullmatch(column.dtype)) is not None:
        return _wholes(bool(whole[1]), int(whole[2]), low, high)
    if column.dtype.startswith("Float"):
        return _floats(int(column.dtype[5:]), low, high, allow_nan)
    if column.dtype == "Boolean":
        return st.booleans()
    if column.dtype == "Date":
        return st.dates(low or datetime.date.min, high or datetime.date.max)
    if column.dtype.startswith("Datetime"):
        return _moments(column, low, high)
    return _texts(column.regex)


def _allowed(column: "Column") -> list[Any]:
    import polars as pl

    allowed = list(column.allowed or ())
    if not column.dtype.startswith("Date"):
        return allowed
    # The validation compares the text that polars gives a date or time; what is spelled otherwise is never met.
    parse = datetime.date.fromisoformat if column.dtype == "Date" else datetime.datetime.fromisoformat
    read = [_zoned(parse(str(text)), column) for text in allowed]
    spelled = pl.Series(read, dtype=_dtype(column)).cast(pl.String)
    return [value for value, text, polars in zip(read, allowed, spelled, strict=True) if text == polars]


def _within(value: Any, low: Any, high: Any) -> bool:
    value, low, high = _plain(value), _plain(low), _plain(high)
    return (low is None or value >= low) and (high is None or value <= high)


def _wholes(unsigned: bool, bits: int, low: Any, high: Any) -> st.SearchStrategy[int]:
    import math

    least = 0 if unsigned else -(2 ** (bits - 1))
    most = 2**bits - 1 if unsigned else 2 ** (bits - 1) - 1
    bottom = least if low is None else max(least, math.ceil(low))
    return st.integers(bottom, most if high is None else min(most, math.floor(high)))


def _floats(bits: int, low: Any, high: Any, allow_nan: bool) -> st.SearchStrategy[float]:
    width: Any = bits
    free = low is None and high is None and allow_nan
    if bits == 64 or (low is None and high is None):
        return st.floats(low, high, allow_nan=free, allow_infinity=free, width=width)
    # A bound that no float of 32 bits hits exactly is kept by looking.
    drawn = st.floats(allow_nan=False, allow_infinity=False, width=width)
    if low is not None and high is not None:
        import numpy as np

        drawn = st.floats(low, high, allow_nan=False).map(lambda value: float(np.float32(value)))
    return drawn.filter(lambda value: _within(value, low, high))


def _moments(column: "Column", low: Any, high: Any) -> st.SearchStrategy[datetime.datetime]:
    least = _plain(low) or datetime.datetime(1, 1, 1)  # noqa: DTZ001 - the zone comes after
    most = _plain(high) or datetime.datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001
    zone = st.just(datetime.UTC) if _in_utc(column) else st.none()
    return st.datetimes(least, most, timezones=zone)


def _plain(moment: Any) -> Any:
    """Return a time as UTC without saying so; what is no time stays."""
    if not isinstance(moment, datetime.datetime) or moment.tzinfo is None:
        return moment
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)


def _in_utc(column: "Column") -> bool:
    bounds = (column.bound("min"), column.bound("max"))
    return column.dtype == "Datetime[UTC]" or any(bound is not None and bound.tzinfo is not None for bound in bounds)


def _zoned(moment: Any, column: "Column") -> Any:
    if not _in_utc(column):
        return moment
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)


def _texts(regex: str | None) -> st.SearchStrategy[str]:
    if regex is None:
        return st.text(max_size=20)
    import polars as pl

    def matches(text: str) -> bool:  # polars has the last word: its dialect is another
        return bool(pl.Series([text]).str.contains(f"^(?:{regex})$").item())

    return st.from_regex(regex, fullmatch=True).filter(matches)


def _frame(schema: "Schema", rows: list[dict[str, Any]]) -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(rows, schema=pl.Schema({name: _dtype(column) for name, column in schema.columns.items()}))


def _dtype(column: "Column") -> Any:
    import polars as pl

    return pl.Datetime("us", "UTC" if _in_utc(column) else None) if column.dtype == "Datetime" else column.polars


def _kept(frame: "pl.DataFrame", schema: "Schema") -> "pl.DataFrame":
    import polars as pl

    from groundwork.data import expression

    for text in schema.rules.values():
        frame = frame.filter(expression(text).fill_null(value=True))
    for names in schema.unique:
        whole = pl.all_horizontal(pl.col(*names).is_not_null())
        frame = frame.filter(~whole | pl.struct(*names).is_first_distinct())
    return frame
