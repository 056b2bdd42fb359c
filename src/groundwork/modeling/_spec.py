"""What a model must know of its table: raw columns, look-ups, derived columns, features.

Rule: a spec is plain data that goes through JSON unchanged, and is complete: with the estimator and the look-up tables
it says how any raw row becomes a prediction. It is checked as a whole when made, so a wrong one never gets served.
"""

import difflib
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from groundwork.data import dtype_of, expression_columns
from groundwork.errors import ConfigurationError
from groundwork.modeling.preprocessing import Kind


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RawColumn(_Frozen):
    """A column of the raw input.

    Attributes:
        dtype: See ``groundwork.data.dtype_of``.
        nullable: A value may be missing; say so where the training rows had gaps.
        min: Smallest value of the training rows' schema; for dates and times ISO 8601 text.
        max: Largest value.
        allowed: The only values.
        regex: What every text matches, from beginning to end.
    """

    dtype: str
    nullable: bool = True
    min: int | float | str | None = None
    max: int | float | str | None = None
    allowed: tuple[bool | int | float | str, ...] | None = None
    regex: str | None = None


class Join(_Frozen):
    """Columns that are looked up in a table by keys.

    Attributes:
        name: Of the table.
        on: The key columns, in the input and in the table.
        columns: What is looked up; a value that the input brings along goes first.
    """

    name: str = Field(pattern=r"^[\w.-]+$")
    on: tuple[str, ...] = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)


class TableSpec(_Frozen):
    """How a raw row becomes a prediction, as plain data.

    Attributes:
        name: Of the model.
        version: Which training of it; the run's id.
        columns: Raw input columns by name.
        null_values: Texts that mean "missing" where a column comes as text.
        joins: Look-ups, in order.
        derive: Derived columns, name to expression (see ``groundwork.data.expression``), in order, after the joins. A
            name used before is replaced.
        features: What the estimator sees, name to kind, in order.
        target: Name of what is predicted.
        task: ``classification`` (two classes) or ``regression``.
        classes: For classification the labels of the negative and the positive class.
        threshold: From this probability on the positive class is predicted.
        example: One raw row, for documentation.
    """

    name: str
    version: str = ""
    columns: dict[str, RawColumn]
    null_values: tuple[str, ...] = ()
    joins: tuple[Join, ...] = ()
    derive: dict[str, str] = Field(default_factory=dict)
    features: dict[str, Kind] = Field(min_length=1)
    target: str
    task: Literal["classification", "regression"] = "classification"
    classes: tuple[bool | int | str, bool | int | str] = (0, 1)
    threshold: float = Field(default=0.5, ge=0, le=1)
    example: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "TableSpec":
        for column in self.columns.values():
            dtype_of(column.dtype)
        for join in self.joins:
            both = sorted(set(join.columns) & set(self.columns))
            if both:
                raise ConfigurationError(
                    f"join {join.name!r} brings columns that the input has already: {', '.join(both)}",
                    hint="leave them out of the join's columns",
                )
        unknown = sorted(self._needs.inputs - set(self.columns))
        if unknown:
            near = difflib.get_close_matches(unknown[0], self.columns, n=1)
            raise ConfigurationError(
                f"the features of {self.name!r} need columns that neither the input nor a join nor a derived column "
                f"gives: {', '.join(unknown)}",
                hint=f"did you mean {near[0]!r}?" if near else None,
                context={"columns": unknown},
            )
        return self

    def required_columns(self) -> list[str]:
        """List the raw input columns that the features depend on, through derived columns and join keys.

        Returns:
            Names in the order of ``columns``.
        """
        return [name for name in self.columns if name in self._needs.inputs]

    def optional_columns(self) -> list[str]:
        """List the joined columns that the features depend on; an input may bring them along.

        Returns:
            Names in the order of the joins.
        """
        return [name for join in self.used_joins() for name in join.columns]

    def used_joins(self) -> list[Join]:
        """List the joins that the features depend on, each narrowed to the columns that are used.

        Returns:
            Joins in order.
        """
        used = [(join, tuple(name for name in join.columns if name in self._needs.joined)) for join in self.joins]
        return [Join(name=join.name, on=join.on, columns=columns) for join, columns in used if columns]

    def used_derive(self) -> dict[str, str]:
        """Return the derived columns that the features depend on.

        Returns:
            Name to expression, in order.
        """
        return {name: text for name, text in self.derive.items() if name in self._needs.derived}

    @cached_property
    def _needs(self) -> "_Needs":
        return _Needs.of(self.features, self.derive, self.joins)


class _Needs:
    """Names, found by walking backwards from the features."""

    def __init__(self, inputs: set[str], joined: set[str], derived: set[str]) -> None:
        self.inputs, self.joined, self.derived = inputs, joined, derived

    @classmethod
    def of(cls, features: Iterable[str], derive: dict[str, str], joins: tuple[Join, ...]) -> "_Needs":
        wanted, joined, derived = set(features), set[str](), set[str]()
        for name, text in reversed(derive.items()):
            if name in wanted:
                derived.add(name)
                wanted = (wanted - {name}) | expression_columns(text)
        for join in reversed(joins):
            found = wanted & set(join.columns)
            if found:
                joined |= found
                wanted = (wanted - found) | set(join.on)
        return cls(wanted, joined, derived)
