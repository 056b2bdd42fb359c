"""Rows held against a schema, batch by batch.

Rule: a verdict on a row never depends on how the rows were cut into batches; uniqueness is kept across them.
Memory: the values seen so far of each unique column, and five examples of each violated rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from groundwork.data._schema import Column, Schema
from groundwork.errors import InvalidDataError
from groundwork.storage import misfits

_EXAMPLES = 5
_SHOWN = 80


@dataclass(frozen=True)
class Violation:
    """One rule of one column, broken at least once.

    Attributes:
        rule: dtype, nullable, min, max, allowed, regex or unique.
        column: The column.
        count: How many rows break it.
        examples: The first few: file, row (the first after the header is 1), value.
    """

    rule: str
    column: str
    count: int
    examples: list[tuple[str, int, str | None]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "rule": self.rule,
            "column": self.column,
            "count": self.count,
            "examples": list(map(list, self.examples)),
        }


@dataclass(frozen=True)
class ValidationReport:
    """What became of the rows of a table.

    Attributes:
        rows_in: Rows read.
        rows_out: Rows that broke no rule.
        violations: Every rule that was broken; a row may break several.
    """

    rows_in: int
    rows_out: int
    violations: list[Violation]

    @property
    def ok(self) -> bool:
        """Whether every row passed."""
        return not self.violations

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "violations": [violation.to_dict() for violation in self.violations],
        }


@dataclass(frozen=True)
class Verdict:
    """The judgement over one batch.

    Attributes:
        good: True for each row that broke no rule.
        broken: Rule and column with a mask of the rows that break it; only those that any row breaks.
    """

    good: pl.Series
    broken: list[tuple[str, str, pl.Series]]

    def reasons(self) -> pl.Series:
        """Name for every row the rules that it breaks, as ``dep_time: dtype; origin: allowed``."""
        texts = pl.DataFrame(
            {
                str(index): mask.replace_strict({True: f"{column}: {rule}", False: None}, return_dtype=pl.String)
                for index, (rule, column, mask) in enumerate(self.broken)
            }
        )
        if not texts.width:
            return pl.Series("reason", [""] * len(self.good), pl.String)
        return texts.select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True).alias("reason")).to_series()


@dataclass
class Checker:
    """Judges the batches of one table, in order, and keeps count.

    Attributes:
        schema: The rules.
        source: The table's name in examples and messages.
    """

    schema: Schema
    source: str
    rows_in: int = 0
    rows_out: int = 0
    _found: dict[tuple[str, str], tuple[int, list[tuple[str, int, str | None]]]] = field(default_factory=dict)
    _seen: dict[str, set[Any]] = field(default_factory=dict)

    def check(self, raw: pl.DataFrame, typed: pl.DataFrame) -> Verdict:
        """Judge the next batch.

        Args:
            raw: The cells as read.
            typed: The same with the schema's types; null where a cell did not fit.

        Returns:
            The verdict.
        """
        broken = list(self._broken(raw, typed))
        good = pl.Series("good", [True]).new_from_index(0, typed.height)
        for rule, column, mask in broken:
            good = good & ~mask
            self._count(rule, column, mask, raw[column])
        self.rows_in += typed.height
        self.rows_out += int(good.sum())
        return Verdict(good, broken)

    def report(self) -> ValidationReport:
        """Sum up the batches so far.

        Returns:
            The report, violations in the order of the schema.
        """
        order = list(self.schema.columns)
        found = sorted(self._found.items(), key=lambda item: order.index(item[0][1]))
        violations = [Violation(rule, column, count, examples) for (rule, column), (count, examples) in found]
        return ValidationReport(self.rows_in, self.rows_out, violations)

    def first_error(self) -> InvalidDataError:
        """Describe the first row that broke a rule.

        Returns:
            The error, to be raised.
        """
        (rule, column), (_, examples) = min(self._found.items(), key=lambda item: item[1][1][0][1])
        file, row, value = examples[0]
        wanted = _WANTED[rule](self.schema.columns[column])
        shown = "a missing value" if value is None else repr(value)
        return InvalidDataError(
            f"{file}: row {row:,}, column {column}: {shown} {wanted}",
            hint="correct the row, relax the rule, or let the policy drop or quarantine such rows",
            context={"file": file, "row": row, "column": column, "value": value, "rule": rule},
        )

    def _broken(self, raw: pl.DataFrame, typed: pl.DataFrame) -> Iterator[tuple[str, str, pl.Series]]:
        for name, column in self.schema.columns.items():
            values = typed[name]
            masks = {"dtype": misfits(raw[name], values), **_rules(values, raw[name], column)}
            if column.unique:
                masks["unique"] = self._repeated(values)
            for rule, mask in masks.items():
                mask = mask.fill_null(False)
                if mask.any():
                    yield rule, name, mask

    def _repeated(self, values: pl.Series) -> pl.Series:
        seen = self._seen.setdefault(values.name, set())
        repeated = []
        for value in values.to_list():
            repeated.append(value is not None and value in seen)
            seen.add(value)
        return pl.Series(repeated, dtype=pl.Boolean)

    def _count(self, rule: str, column: str, mask: pl.Series, cells: pl.Series) -> None:
        count, examples = self._found.get((rule, column), (0, []))
        for at in mask.arg_true()[: _EXAMPLES - len(examples)]:
            value = cells[int(at)]
            shown = None if value is None else str(value)[:_SHOWN]
            examples.append((self.source, self.rows_in + int(at) + 1, shown))
        self._found[rule, column] = (count + int(mask.sum()), examples)


def _rules(values: pl.Series, raw: pl.Series, column: Column) -> Mapping[str, pl.Series]:
    masks: dict[str, pl.Series] = {}
    if not column.nullable:
        masks["nullable"] = values.is_null() & ~misfits(raw, values)
    for name, below in (("min", True), ("max", False)):
        bound = column.bound(name)
        if bound is not None:
            limit = pl.lit(bound) if not isinstance(values.dtype, pl.Datetime) else _moment(bound, values.dtype)
            masks[name] = values.to_frame("v").select((pl.col("v") < limit) if below else (pl.col("v") > limit))["v"]
    text = values.cast(pl.String) if column.regex is not None or values.dtype == pl.Categorical else values
    if column.allowed is not None:
        allowed = list(column.allowed)
        cells = values.cast(pl.String) if values.dtype.is_temporal() else text
        masks["allowed"] = ~cells.is_in(allowed)
    if column.regex is not None:
        masks["regex"] = ~text.str.contains(f"^(?:{column.regex})$")
    return masks


def _moment(bound: Any, dtype: pl.Datetime) -> pl.Expr:
    if bound.tzinfo is None or dtype.time_zone is None:
        bound = bound.replace(tzinfo=None)
        return pl.lit(bound, dtype=pl.Datetime(dtype.time_unit)).dt.replace_time_zone(dtype.time_zone)
    return pl.lit(bound).dt.convert_time_zone(dtype.time_zone)


_WANTED: Mapping[str, Callable[[Column], str]] = {
    "dtype": lambda column: f"is not {column.dtype}",
    "nullable": lambda column: "where every row must have one",
    "min": lambda column: f"is below the smallest allowed, {column.min}",
    "max": lambda column: f"is above the largest allowed, {column.max}",
    "allowed": lambda column: f"is none of {', '.join(map(str, (column.allowed or ())[:10]))}",
    "regex": lambda column: f"does not match {column.regex}",
    "unique": lambda column: "occurs a second time, and the column must be unique",
}
