"""What the schema of the training rows says of single values.

Rule: a value is judged in a request as ``Dataset.validate`` judged it in the training rows. Cost: a comparison; a
pattern, or a date among those allowed, 10 microseconds for each value that was not seen lately.
"""

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import polars as pl

from groundwork.modeling._spec import RawColumn

Check: TypeAlias = Callable[[Any], str | None]
"""Returns what a value must be, in words, or None if it is."""

_SHOWN = 10
_REMEMBERED = 4096


def check_of(column: RawColumn, dtype: pl.DataType) -> Check | None:
    """Return the check for the rules of a column.

    Args:
        column: Its rules.
        dtype: Its type.

    Returns:
        The check, or None if there is no rule.
    """
    checks: list[Check] = []
    if column.min is not None:
        checks.append(_least(_bound(column.min, dtype), column.min))
    if column.max is not None:
        checks.append(_most(_bound(column.max, dtype), column.max))
    if column.allowed is not None:
        checks.append(_one_of(column.allowed, dtype))
    if column.regex is not None:
        checks.append(_matching(column.regex))
    if not checks:
        return None
    return checks[0] if len(checks) == 1 else lambda value: next(filter(None, (check(value) for check in checks)), None)


def rule_schema(column: RawColumn, dtype: pl.DataType, *, nullable: bool) -> dict[str, Any]:
    """Describe the rules of a column as JSON schema.

    Args:
        column: Its rules.
        dtype: Its type.
        nullable: A value may be null.

    Returns:
        ``minimum``, ``maximum``, ``enum`` and ``pattern``, as far as there are; bounds of dates and times, for which
        JSON schema has no word, as ``description``.
    """
    bounds = {"minimum": column.min, "maximum": column.max}
    schema: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    if schema and dtype.is_temporal():
        told = {"minimum": "not before", "maximum": "not after"}
        schema = {"description": ", ".join(f"{told[name]} {bound}" for name, bound in schema.items())}
    if column.allowed is not None:
        schema["enum"] = [*column.allowed, *([None] if nullable else [])]
    if column.regex is not None:
        schema["pattern"] = f"^(?:{column.regex})$"
    return schema


def _least(bound: Any, told: Any) -> Check:
    # Asked this way round, NaN, which lies in no range, is refused too.
    return lambda value: None if value >= bound else f"{told} or more"


def _most(bound: Any, told: Any) -> Check:
    return lambda value: None if value <= bound else f"{told} or less"


def _one_of(allowed: tuple[Any, ...], dtype: pl.DataType) -> Check:
    known = frozenset(allowed)
    more = ", …" if len(allowed) > _SHOWN else ""
    told = f"one of {', '.join(map(str, allowed[:_SHOWN]))}{more}"
    if not dtype.is_temporal():
        return lambda value: None if value in known else told

    # Written as polars writes it, which is what the schema's texts are compared with.
    @functools.lru_cache(_REMEMBERED)
    def check(value: Any) -> str | None:
        return None if pl.Series([value], dtype=dtype).cast(pl.String)[0] in known else told

    return check


def _matching(regex: str) -> Check:
    pattern = f"^(?:{regex})$"

    # The engine that judged the training rows; Python's own differs in small things.
    @functools.lru_cache(_REMEMBERED)
    def check(value: str) -> str | None:
        return None if pl.Series([value]).str.contains(pattern)[0] else f"text that matches {regex}"

    return check


def _bound(bound: Any, dtype: pl.DataType) -> Any:
    if dtype == pl.Date:
        return dt.date.fromisoformat(bound)
    if not isinstance(dtype, pl.Datetime):
        return bound
    moment = dt.datetime.fromisoformat(bound)
    if dtype.time_zone is None:
        return moment.replace(tzinfo=None)
    if moment.tzinfo is None:
        # A time without an offset means the column's own zone.
        zoned = pl.Series([moment], dtype=pl.Datetime("us")).dt.replace_time_zone(dtype.time_zone)
        moment = zoned[0]
    return moment
