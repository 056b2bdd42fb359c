"""Dates as numbers that a model can use.

Rule: training decides which parts there are and when time begins; afterwards a date gives the same numbers whatever
rows stand beside it. Cost: one pass of polars a part; 330,000 times into 5 parts in about 40 ms.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.preprocessing._choice import require_one_of
from groundwork.modeling.preprocessing._date_table import ELAPSED, OF_DATE, OF_TIME, PARTS, elapsed
from groundwork.modeling.preprocessing._estimator import PACKAGE, Transformer


class DateParts(Transformer):
    """Take dates and times apart.

    Args:
        how: ``parts`` gives plain numbers; ``cyclic`` gives sine and cosine of what comes again (month, hour, …), and
            plain numbers of the rest.
        parts: Of ``year``, ``quarter``, ``month``, ``day``, ``ordinal_day``, ``weekday`` (Monday is 1), ``weekend``,
            ``hour``, ``minute``, ``second`` and ``elapsed_days`` (since the earliest time in training). If None, year,
            month, day and weekday, and of a time the hour.

    Attributes:
        kinds_: Of each column ``date``, ``time`` or, as ``time Europe/Berlin``, the zone of a time that has one.
        parts_: Of each column its parts.
        first_: Of each column the earliest time in training, as days since 1970; NaN where all were missing.
    """

    __module__ = PACKAGE

    def __init__(self, how: Literal["parts", "cyclic"] = "parts", *, parts: Sequence[str] | None = None) -> None:
        self.how = how
        self.parts = parts

    def fit(self, X: Any, y: Any = None) -> "DateParts":  # noqa: N803 (scikit-learn's names)
        """Learn what each column is, and when its time begins.

        Args:
            X: A polars frame of dates and times, or an array of ``datetime64``, shape (rows, columns).
            y: Ignored.

        Returns:
            Itself.

        Raises:
            ConfigurationError: There is no such way or part, or a date is to have an hour.
            InvalidDataError: There are no rows, or a column holds neither dates nor times.
        """
        require_one_of(self.how, ("parts", "cyclic"), "the way to take dates apart")
        for part in self.parts or ():
            require_one_of(part, (*PARTS, ELAPSED), "the part of a date")
        columns = self._columns(X, reset=True)
        if not len(columns[0]):
            raise InvalidDataError("there are no rows to learn from")
        self.kinds_ = [_kind(column) for column in columns]
        self.parts_ = [self._parts_of(column) for column in columns]
        earliest = [pl.select(elapsed(pl.lit(column)).min()).item() for column in columns]
        self.first_ = np.array([np.nan if first is None else first for first in earliest])
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Take rows apart.

        Args:
            X: Dates and times with the columns of ``fit``.

        Returns:
            A column a part, or two for a cyclic one; all NaN where the date is missing.

        Raises:
            InvalidDataError: A column is not what it was in training: a date and no time, or of another zone.
            NotFittedError: ``fit`` has not been called.
        """
        check_is_fitted(self)
        columns = self._columns(X, reset=False)
        for column, kind in zip(columns, self.kinds_, strict=True):
            if _kind(column) != kind:
                raise InvalidDataError(
                    f"column {column.name!r} is a {_kind(column)} here and was a {kind} in training",
                    hint="cast both to one type; dt.convert_time_zone brings times to one zone",
                    context={"column": column.name},
                )
        numbers = [
            pl.select(expression.cast(pl.Float64)).to_series().to_numpy()
            for column, parts, first in zip(columns, self.parts_, self.first_, strict=True)
            for part in parts
            for expression in self._expressions(part, pl.lit(column), first)
        ]
        return np.column_stack(numbers)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Name the columns of ``transform``.

        Args:
            input_features: Names of the columns, if ``fit`` saw none.

        Returns:
            As ``sold_year``; of a cyclic part ``sold_month_sin`` and ``sold_month_cos``.

        Raises:
            NotFittedError: ``fit`` has not been called.
        """
        check_is_fitted(self)
        names = OneToOneFeatureMixin.get_feature_names_out(self, input_features)  # those of the columns themselves
        ends = {part: ("_sin", "_cos") if self._turns(part) else ("",) for parts in self.parts_ for part in parts}
        return np.array(
            [
                f"{name}_{part}{end}"
                for name, parts in zip(names, self.parts_, strict=True)
                for part in parts
                for end in ends[part]
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # of numbers, that is
        return tags

    def _turns(self, part: str) -> bool:
        return self.how == "cyclic" and part != ELAPSED and PARTS[part].turn is not None

    def _expressions(self, part: str, date: pl.Expr, first: float) -> list[pl.Expr]:
        if part == ELAPSED:
            return [elapsed(date) - first]
        turn = PARTS[part].turn
        if turn is None or self.how != "cyclic":
            return [PARTS[part].number(date)]
        angle = 2 * np.pi * turn(date)
        return [angle.sin(), angle.cos()]

    def _parts_of(self, column: pl.Series) -> list[str]:
        is_date = column.dtype == pl.Date
        if self.parts is None:
            return list(OF_DATE if is_date else OF_TIME)
        lacking = [part for part in self.parts if is_date and part != ELAPSED and PARTS[part].of_day]
        if lacking:
            raise ConfigurationError(
                f"column {column.name!r} holds dates, which have no {lacking[0]}",
                hint="leave it out of parts, or take the times apart by themselves",
                context={"column": column.name},
            )
        return list(self.parts)

    def _columns(self, rows: Any, *, reset: bool) -> list[pl.Series]:
        table = rows if isinstance(rows, pl.DataFrame) else np.asarray(rows)
        columns = table.get_columns() if isinstance(table, pl.DataFrame) else _series(table)
        for column in columns:
            if column.dtype != pl.Date and not isinstance(column.dtype, pl.Datetime):
                raise InvalidDataError(
                    f"column {column.name!r} is {column.dtype}, neither a date nor a time",
                    hint=f"read it first, as with pl.col({column.name!r}).str.to_datetime()",
                    context={"column": column.name},
                )
        validate_data(self, rows, reset=reset, skip_check_array=True)
        return list(columns)


def _series(table: NDArray[Any]) -> list[pl.Series]:
    if table.ndim != 2:
        raise InvalidDataError(
            f"the dates have the shape {table.shape}; it must be (rows, columns)", hint="use dates.reshape(-1, 1)"
        )
    # polars knows days and three units of time; minutes or months become one of them.
    unit = np.datetime_data(table.dtype)[0] if table.dtype.kind == "M" else ""
    fitting = table.astype("datetime64[us]") if unit not in ("", "D", "ms", "us", "ns") else table
    return [pl.Series(f"column {place}", np.ascontiguousarray(values)) for place, values in enumerate(fitting.T)]


def _kind(column: pl.Series) -> str:
    if column.dtype == pl.Date:
        return "date"
    zone = getattr(column.dtype, "time_zone", None)
    return f"time {zone}" if zone else "time"
