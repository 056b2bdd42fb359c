"""What a table must be: its columns, their types and the rules for their values.

Rule: the declaration is data (it comes from pipeline.yaml), complete and checked on its own before any row is read.
"""

import datetime
from typing import Annotated, Any, Self

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from groundwork.data._dtypes import TYPES, dtype_name
from groundwork.errors import ConfigurationError


def _canonical(value: Any) -> str:
    try:
        return dtype_name(value)
    except ConfigurationError as error:
        # pydantic gathers ValueErrors, so that the reader of a file sees all of its mistakes at once.
        raise ValueError(f"{error.message}; {error.hint}") from None


_Scalar = bool | int | float | str


class Column(BaseModel):
    """One column of a table.

    Attributes:
        dtype: Int64, Float64, String, Boolean, Date, Datetime (zone as in the file), Datetime[UTC], Categorical, …
        nullable: Whether values may be missing.
        min: Smallest allowed value; for dates and times ISO 8601 text.
        max: Largest allowed value.
        allowed: The only allowed values.
        regex: What every text must match, from beginning to end.
        unique: Whether a value may occur once only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Annotated[str, BeforeValidator(_canonical)] = Field(description="Type of the values, as Int64 or String")
    nullable: bool = True
    min: int | float | str | datetime.datetime | datetime.date | None = None
    max: int | float | str | datetime.datetime | datetime.date | None = None
    allowed: tuple[_Scalar, ...] | None = None
    regex: str | None = None
    unique: bool = False

    @property
    def polars(self) -> pl.DataType | type[pl.DataType]:
        """The polars type; ``pl.Datetime`` without arguments where the file settles the zone."""
        return TYPES[self.dtype]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        textual = self.dtype in {"String", "Categorical"}
        if self.regex is not None:
            if not textual:
                raise ValueError(f"regex is for text, and the column is {self.dtype}")
            _check_regex(self.regex)
        for name in ("min", "max"):
            if getattr(self, name) is not None:
                self._check_bound(name, getattr(self, name), ordered=not textual and self.dtype != "Boolean")
        if self.min is not None and self.max is not None:
            self._check_range(self.bound("min"), self.bound("max"))
        if self.allowed is not None:
            self._check_allowed(self.allowed, textual=textual)
        return self

    def _check_range(self, low: Any, high: Any) -> None:
        if isinstance(low, datetime.datetime) and (low.tzinfo is None) != (high.tzinfo is None):
            raise ValueError(f"min {self.min} and max {self.max} must have both an offset or neither")
        if low > high:
            raise ValueError(f"min {self.min} is larger than max {self.max}")

    def _check_allowed(self, allowed: tuple[_Scalar, ...], *, textual: bool) -> None:
        if not allowed:
            raise ValueError("allowed is empty, so that no value could pass")
        wanted: type | tuple[type, ...] = str if textual or self._temporal else (int, float)
        odd = next((value for value in allowed if not isinstance(value, wanted)), None)
        if odd is not None:
            raise ValueError(f"allowed holds {odd!r}, which is no {self.dtype}; quote text and only text")

    def _check_bound(self, name: str, value: Any, *, ordered: bool) -> None:
        if not ordered:
            raise ValueError(f"{name} is for numbers and dates, and the column is {self.dtype}")
        if self._temporal:
            self.bound(name)
        elif not isinstance(value, int | float):
            raise ValueError(f"{name} is {value!r}, which is no number, and the column is {self.dtype}")

    @property
    def _temporal(self) -> bool:
        return self.dtype.startswith("Date")

    def bound(self, name: str) -> Any:
        """Give ``min`` or ``max`` as a value that compares with the column's.

        Args:
            name: "min" or "max".

        Returns:
            A number; for Date a date; for Datetime a datetime, aware where it carries an offset; None where unset.

        Raises:
            ValueError: The text is no date or time.
        """
        value = getattr(self, name)
        if value is None or not self._temporal:
            return value
        try:
            moment = datetime.datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"{name} is {value!r}, which is no ISO 8601 date or time, as 2013-01-31") from None
        return moment.date() if self.dtype == "Date" else moment


class Schema(BaseModel):
    """The columns that a table must have; a column not named here is allowed and stays text.

    Attributes:
        columns: Column by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Column]

    @property
    def dtypes(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """The polars type of every declared column, as ``storage.stream`` takes them."""
        return {name: column.polars for name, column in self.columns.items()}


def _check_regex(pattern: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ValueError(f"regex {pattern!r} is not valid: {lines[-1]}") from None
