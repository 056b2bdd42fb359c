"""The rules of a schema as questions to polars.

Rule: a row breaks a rule or does not, whatever the rows beside it; what is missing breaks none of these. NaN lies in no
range. Cost: made once for a table, for such expressions take longer to make than to run.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import polars as pl

from groundwork.data._expression import expression, expression_columns
from groundwork.data._schema import Schema
from groundwork.errors import ConfigurationError, first_line


class Rule(NamedTuple):
    """One rule, as it is counted and told.

    Attributes:
        name: As in ``Violation``.
        columns: The columns that it reads.
        wanted: What a row that breaks it should have been, in words.
        broken: True for a row that breaks it; None for the rules that are looked at apart.
        anywhere: Whether any row does, where that can be told sooner than row by row.
        distinct: The same from the distinct values, which is sooner where they repeat.
    """

    name: str
    columns: tuple[str, ...]
    wanted: str
    broken: pl.Expr | None = None
    anywhere: pl.Expr | None = None
    distinct: pl.Expr | None = None

    @property
    def column(self) -> str:
        """The columns in words."""
        return ", ".join(self.columns)

    def asked(self, broken: pl.Expr, repeating: frozenset[str]) -> pl.Expr:
        """Ask whether any row breaks it.

        Args:
            broken: As in the rule.
            repeating: Columns whose values repeat.
        """
        if self.distinct is not None and self.columns[0] in repeating:
            return self.distinct
        return broken.any() if self.anywhere is None else self.anywhere


def column_rules(schema: Schema, types: Mapping[str, pl.DataType]) -> Iterator[Rule]:
    """Give the rules for the values of single columns: bounds, allowed values, patterns.

    Args:
        schema: The declaration.
        types: The settled type of every column of the table.

    Yields:
        The rules, in the order of the schema.
    """
    for name, column in schema.columns.items():
        values, dtype = pl.col(name), types[name]
        for bound, words in (("min", "below the smallest"), ("max", "above the largest")):
            limit = column.bound(bound)
            if limit is not None:
                wanted = f"is {words} allowed, {getattr(column, bound)}"
                broken = partial(_beyond, limit=limit, dtype=dtype, below=bound == "min")
                extreme = values.min() if bound == "min" else values.max()
                yield Rule(bound, (name,), wanted, broken(values), broken(extreme) if dtype.is_integer() else None)
        text = values.cast(pl.String) if dtype == pl.Categorical or dtype.is_temporal() else values
        distinct = values.unique() if dtype == pl.String else None
        if column.allowed is not None:
            told, allowed = ", ".join(map(str, column.allowed[:10])), list(column.allowed)
            once = None if distinct is None else (~distinct.is_in(allowed)).any()
            yield Rule("allowed", (name,), f"is none of {told}", ~text.is_in(allowed), distinct=once)
        if column.regex is not None:
            pattern = f"^(?:{column.regex})$"
            once = None if distinct is None else (~distinct.str.contains(pattern)).any()
            yield Rule("regex", (name,), f"does not match {column.regex}", ~text.str.contains(pattern), distinct=once)


def _beyond(values: pl.Expr, limit: Any, dtype: pl.DataType, *, below: bool) -> pl.Expr:
    bound = _moment(limit, dtype) if isinstance(dtype, pl.Datetime) else pl.lit(limit)
    if not below:
        return values > bound  # polars orders NaN above all numbers
    return (values < bound) | values.is_nan() if dtype.is_float() else values < bound


def _moment(bound: Any, dtype: pl.Datetime) -> pl.Expr:
    if bound.tzinfo is None or dtype.time_zone is None:
        bound = bound.replace(tzinfo=None)
        return pl.lit(bound, dtype=pl.Datetime(dtype.time_unit)).dt.replace_time_zone(dtype.time_zone)
    return pl.lit(bound).dt.convert_time_zone(dtype.time_zone)


def cross_rules(schema: Schema, types: Mapping[str, pl.DataType]) -> Iterator[Rule]:
    """Give the rules that are expressions over several columns.

    Args:
        schema: The declaration.
        types: The settled type of every column of the table.

    Yields:
        The rules, in the order of the schema.

    Raises:
        ConfigurationError: A rule reads a column that the table has not, or is not true or false of its types.
    """
    absent = sorted(schema.mentioned - types.keys())
    if absent:
        raise ConfigurationError(
            f"the schema's unique or rules read column {absent[0]!r}, which the table has not",
            hint=f"it has {', '.join(list(types)[:20])}",
            context={"column": absent[0]},
        )
    for name, text in schema.rules.items():
        holds = expression(text)
        read = {column: types[column] for column in expression_columns(text)}
        try:
            outcome = pl.DataFrame(schema=read).select(holds.alias("rule")).schema["rule"]
        except pl.exceptions.PolarsError as error:
            raise ConfigurationError(
                f"rule {name}: {text!r} cannot be computed: {first_line(error)}", hint="declare the columns' types"
            ) from error
        if outcome != pl.Boolean:
            raise ConfigurationError(
                f"rule {name}: {text!r} gives {outcome}", hint="write a rule that is true or false"
            )
        columns = tuple(sorted(read))
        yield Rule(name, columns, f"{'fail' if len(columns) > 1 else 'fails'} the rule {name}: {text}", ~holds)
