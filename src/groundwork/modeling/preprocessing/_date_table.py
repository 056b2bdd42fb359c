"""The parts of a date, and where each stands in its cycle.

Rule: parts are those of the clock on the wall, in the column's own time zone; a cycle ends where the next begins, so 31
December is as near to 1 January as to the day before. Cost: one pass of polars a part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class DatePart:
    """One part.

    Attributes:
        number: Reads it from a date or time.
        turn: How much of its cycle has passed, in [0, 1); None for what does not come again.
        of_day: Whether it needs a time of the day.
    """

    number: Callable[[pl.Expr], pl.Expr]
    turn: Callable[[pl.Expr], pl.Expr] | None = None
    of_day: bool = False


def _days_of_year(date: pl.Expr) -> pl.Expr:
    return 365 + date.dt.is_leap_year().cast(pl.Int32)


PARTS = {
    "year": DatePart(lambda date: date.dt.year()),
    "quarter": DatePart(lambda date: date.dt.quarter(), lambda date: (date.dt.quarter() - 1) / 4),
    "month": DatePart(lambda date: date.dt.month(), lambda date: (date.dt.month() - 1) / 12),
    "day": DatePart(lambda date: date.dt.day(), lambda date: (date.dt.day() - 1) / date.dt.days_in_month()),
    "ordinal_day": DatePart(
        lambda date: date.dt.ordinal_day(), lambda date: (date.dt.ordinal_day() - 1) / _days_of_year(date)
    ),
    "weekday": DatePart(lambda date: date.dt.weekday(), lambda date: (date.dt.weekday() - 1) / 7),
    "weekend": DatePart(lambda date: date.dt.weekday() >= 6),
    "hour": DatePart(lambda date: date.dt.hour(), lambda date: date.dt.hour() / 24, of_day=True),
    "minute": DatePart(lambda date: date.dt.minute(), lambda date: date.dt.minute() / 60, of_day=True),
    "second": DatePart(lambda date: date.dt.second(), lambda date: date.dt.second() / 60, of_day=True),
}
"""By name; ``elapsed_days`` is not among them, as its beginning is learned."""

ELAPSED = "elapsed_days"
"""Days, with their fraction, since the earliest time of the training rows."""

OF_DATE = ("year", "month", "day", "weekday")
"""What a date is taken apart into if nothing else is asked for."""
OF_TIME = (*OF_DATE, "hour")
"""The same for a time."""


def elapsed(date: pl.Expr) -> pl.Expr:
    """Days since 1970, the fraction of a day included.

    Args:
        date: A date or time.

    Returns:
        A float; of a time with a zone, in UTC.
    """
    return date.cast(pl.Datetime("us")).dt.timestamp("us") / 86_400e6
