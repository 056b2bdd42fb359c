"""What a table must be: its columns, their types and the rules for their values.

Rule: the declaration is data (it comes from pipeline.yaml), complete and checked on its own before any row is read.
"""

import datetime
from typing import Annotated, Any, Self

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from groundwork.data._dtypes import TYPES, dtype_name
from groundwork.data._expression import expression, expression_columns
from groundwork.data._schema_mistakes import schema_error
from groundwork.errors import ConfigurationError, first_line

RULES = ("dtype", "nullable", "min", "max", "allowed", "regex", "unique")


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
    """The columns that a table must have; a column not named here is allowed and stays as the table has it.

    Attributes:
        columns: Column by name.
        unique: Groups of columns whose values together may occur once only, as ``[["carrier", "flight", "day"]]``; a
            row in which one of them is missing repeats nothing.
        rules: What every row must fulfil, by name: an expression of ``expression`` that is true or false, as
            ``{"arrives_later": "pl.col('arrival') > pl.col('departure')"}``; a row where it is missing passes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Column]
    unique: tuple[tuple[str, ...], ...] = ()
    rules: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Build a schema of plain data.

        Args:
            obj: The columns and rules, as in a file.
            options: Those of pydantic.

        Returns:
            The schema.

        Raises:
            ConfigurationError: It is none; all its mistakes are told.
        """
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise schema_error(error, Schema, Column) from error

    @property
    def dtypes(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """The polars type of every declared column, as ``storage.stream`` takes them."""
        return {name: column.polars for name, column in self.columns.items()}

    @property
    def mentioned(self) -> set[str]:
        """The columns that keys and rules read, declared or not."""
        read = (expression_columns(text) for text in self.rules.values())
        return {name for names in (*self.unique, *read) for name in names}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for names in self.unique:
            if not names or len(set(names)) < len(names):
                raise ValueError(f"unique holds {list(names)}; name one or more columns, each once")
        for name, text in self.rules.items():
            if name in RULES:
                raise ValueError(f"rules: {name!r} is the name of a column's own rule; choose another")
            _check_rule(name, text, self.dtypes)
        return self


def _check_rule(name: str, text: str, dtypes: dict[str, Any]) -> None:
    try:
        rule, read = expression(text), expression_columns(text)
    except ConfigurationError as error:
        raise ValueError(f"rules: {name}: {error.message}; {error.hint}") from None
    if not read:
        raise ValueError(f"rules: {name}: {text!r} reads no column, so that it says nothing about a row")
    if read <= dtypes.keys():
        types = {column: pl.Datetime("us") if dtypes[column] is pl.Datetime else dtypes[column] for column in read}
        _check_outcome(name, text, rule, types, any(dtypes[column] is pl.Datetime for column in read))


def _check_outcome(name: str, text: str, rule: pl.Expr, types: dict[str, Any], open_zone: bool) -> None:
    try:
        outcome = pl.DataFrame(schema=types).select(rule.alias("rule")).schema["rule"]
    except pl.exceptions.PolarsError as error:
        if open_zone:  # the table settles it
            return
        raise ValueError(f"rules: {name}: {text!r} cannot be computed: {first_line(error)}") from None
    if outcome != pl.Boolean:
        raise ValueError(f"rules: {name}: {text!r} gives {outcome}, and a rule is true or false")


def _check_regex(pattern: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ValueError(f"regex {pattern!r} is not valid: {lines[-1]}") from None
