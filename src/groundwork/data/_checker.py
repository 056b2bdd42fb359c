"""Rows held against a schema, piece by piece.

Rule: a verdict on a row never depends on how the rows were cut into pieces; uniqueness is kept across them.
Cost: one polars query a piece that asks of each rule whether any row breaks it, all rules together: of bounds by the
smallest and largest value, of texts by the distinct ones where they repeat. The rows themselves are looked for only
where one does. Memory: five examples of each violated rule, and the keys of ``SeenKeys``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from groundwork.data._checker_rules import Rule, column_rules, cross_rules
from groundwork.data._schema import RULES, Schema
from groundwork.data._sources import Piece
from groundwork.data._unique import SeenKeys
from groundwork.data._validation import Example, ValidationReport, Violation
from groundwork.errors import InvalidDataError, first_line
from groundwork.storage import misfit_advice, misfits

_EXAMPLES = 5
_SHOWN = 80
_SAMPLED = 2048
_HINT = "correct the row, relax the rule, or let the policy drop or quarantine such rows"


@dataclass(frozen=True)
class Verdict:
    """The judgement over one piece.

    Attributes:
        good: True for each row that broke no rule; None if all are good.
        broken: Rules with a mask of the rows that break them; only those that any row breaks.
    """

    good: pl.Series | None
    broken: list[tuple[Rule, pl.Series]]

    def reasons(self) -> pl.Series:
        """Name for every row the rules that it breaks, as ``dep_time: dtype; origin: allowed``."""
        texts = [
            pl.when(mask).then(pl.lit(f"{rule.column}: {rule.name}")).alias(str(index))
            for index, (rule, mask) in enumerate(self.broken)
        ]
        return pl.select(texts).select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)).to_series()


@dataclass
class _Found:
    count: int = 0
    examples: list[Example] = field(default_factory=list)


class Checker:
    """Judges the pieces of one table, in order, and keeps count.

    Args:
        schema: The rules.
        types: The settled type of every column of the table.

    Raises:
        ConfigurationError: A rule reads a column that the table has not, or is not true or false of its types.
    """

    def __init__(self, schema: Schema, types: Mapping[str, pl.DataType]) -> None:
        self.schema = schema
        self.rows_in = self.rows_out = 0
        self._types = types
        self._dtype = {name: Rule("dtype", (name,), f"is not {types[name]}") for name in schema.columns}
        self._required = {
            name: Rule("nullable", (name,), "where every row must have one")
            for name, column in schema.columns.items()
            if not column.nullable
        }
        self._fused = [
            (str(at), rule, rule.broken)
            for at, rule in enumerate([*column_rules(schema, types), *cross_rules(schema, types)])
            if rule.broken is not None
        ]
        self._texts = {rule.columns[0] for _, rule, _ in self._fused if rule.distinct is not None}
        self._unique = [
            (Rule("unique", columns, _WANTED_UNIQUE[len(columns) > 1]), SeenKeys(columns))
            for columns in [*((name,) for name, column in schema.columns.items() if column.unique), *schema.unique]
        ]
        # Kept, for such expressions take longer to make than to run.
        self._asked: dict[frozenset[str], list[pl.Expr]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], _Found] = {}

    def check(self, piece: Piece, typed: pl.DataFrame) -> Verdict:
        """Judge the next rows.

        Args:
            piece: The cells as read.
            typed: The same with the settled types; null where a cell did not fit.

        Returns:
            The verdict.
        """
        broken = [*self._cells(piece.cells, typed), *self._values(typed), *self._repeated(typed)]
        broken.sort(key=lambda item: self._order(item[0]))
        good: pl.Series | None = None
        for rule, mask in broken:
            good = ~mask if good is None else good & ~mask
            self._count(rule, mask, piece)
        self.rows_in += typed.height
        self.rows_out += typed.height if good is None else int(good.sum())
        return Verdict(good, broken)

    def report(self) -> ValidationReport:
        """Sum up the pieces so far.

        Returns:
            The report; violations in the order of the schema, then those of several columns.
        """
        violations = [
            Violation(rule, ", ".join(columns), found.count, found.examples)
            for (rule, columns), found in sorted(self._found.items(), key=lambda item: self._place(*item[0]))
        ]
        return ValidationReport(self.rows_in, self.rows_out, violations)

    def first_error(self, piece: Piece, verdict: Verdict) -> InvalidDataError:
        """Describe the first row of a piece that breaks a rule.

        Args:
            piece: The piece.
            verdict: The verdict on it, which found such a row.

        Returns:
            The error, to be raised.
        """
        # Of one row's faults, a cell that is not of its type comes first: it may be the cause of the others.
        rule, mask = min(verdict.broken, key=lambda item: (item[1].arg_max(), item[0].name != "dtype"))
        example = _example(piece, rule, int(mask.arg_max() or 0))
        shown = "a missing value" if example.value is None else example.value
        if len(rule.columns) == 1 and example.value is not None:
            shown = repr(example.value)
        hint = _HINT
        if rule.name == "dtype":
            hint = misfit_advice(self._types[rule.column], example.value or "")
        return InvalidDataError(
            f"{example.place}, column{'s' if len(rule.columns) > 1 else ''} {rule.column}: {shown} {rule.wanted}",
            hint=hint,
            context={**example._asdict(), "column": rule.column, "rule": rule.name},
        )

    def _cells(self, raw: pl.DataFrame, typed: pl.DataFrame) -> Iterator[tuple[Rule, pl.Series]]:
        for name in self.schema.columns:
            values, misfit = typed[name], None
            if values.null_count() != raw[name].null_count():
                misfit = misfits(raw[name], values)
                if misfit.any():
                    yield self._dtype[name], misfit
            if name in self._required and values.null_count():
                missing = values.is_null() if misfit is None else values.is_null() & ~misfit
                if missing.any():
                    yield self._required[name], missing

    def _values(self, typed: pl.DataFrame) -> Iterator[tuple[Rule, pl.Series]]:
        if not self._fused:
            return
        try:
            anywhere = typed.select(self._anywhere(_repeating(typed, self._texts))).row(0, named=True)
        except pl.exceptions.PolarsError as error:
            raise _uncomputable([rule for _, rule, _ in self._fused], typed, error) from error
        hit = [(at, rule, broken) for at, rule, broken in self._fused if anywhere[at]]
        if not hit:
            return
        masks = typed.select(broken.fill_null(False).alias(at) for at, _, broken in hit)
        yield from ((rule, masks[at]) for at, rule, _ in hit)

    def _anywhere(self, repeating: frozenset[str]) -> list[pl.Expr]:
        """Ask of each rule whether any row breaks it."""
        if repeating not in self._asked:
            self._asked[repeating] = [rule.asked(broken, repeating).alias(at) for at, rule, broken in self._fused]
        return self._asked[repeating]

    def _repeated(self, typed: pl.DataFrame) -> Iterator[tuple[Rule, pl.Series]]:
        for rule, seen in self._unique:
            mask = seen.repeated(typed)
            if mask is not None:
                yield rule, mask

    def _count(self, rule: Rule, mask: pl.Series, piece: Piece) -> None:
        found = self._found.setdefault((rule.name, rule.columns), _Found())
        for at in mask.arg_true().head(_EXAMPLES - len(found.examples)):
            found.examples.append(_example(piece, rule, int(at)))
        found.count += int(mask.sum())

    def _order(self, rule: Rule) -> tuple[int, int]:
        return self._place(rule.name, rule.columns)

    def _place(self, rule: str, columns: tuple[str, ...]) -> tuple[int, int]:
        names = list(self.schema.columns)
        if rule in RULES and len(columns) == 1 and columns[0] in self.schema.columns:
            return names.index(columns[0]), RULES.index(rule)
        cross = list(self.schema.rules)
        return len(names), cross.index(rule) if rule in cross else -1


_WANTED_UNIQUE = {
    False: "occurs a second time, and the column must be unique",
    True: "occur together a second time, and must be unique together",
}


def _repeating(typed: pl.DataFrame, names: Iterable[str]) -> frozenset[str]:
    """Guess from the first rows which columns hold the same values again and again."""
    if typed.height < _SAMPLED:
        return frozenset()
    return frozenset(name for name in names if 4 * typed[name].head(_SAMPLED).n_unique() < 3 * _SAMPLED)


def _uncomputable(rules: list[Rule], typed: pl.DataFrame, error: pl.exceptions.PolarsError) -> InvalidDataError:
    """Find the rule that polars gave up on; only an expression of the schema's can be one."""
    for rule in rules:
        try:
            typed.select(rule.broken)
        except pl.exceptions.PolarsError as found:
            return InvalidDataError(
                f"the rule {rule.name} of {rule.column} cannot be computed: {first_line(found)}",
                hint="let it give a missing value where a cell does not fit, as .cast(pl.Int64, strict=False)",
                context={"rule": rule.name, "column": rule.column},
            )
    return InvalidDataError(f"a rule cannot be computed: {first_line(error)}")


def _example(piece: Piece, rule: Rule, at: int) -> Example:
    cells = [piece.frame[name][at] for name in rule.columns]
    if len(cells) == 1:
        shown = None if cells[0] is None else str(cells[0])[:_SHOWN]
    else:
        told = (f"{name}={'missing' if cell is None else cell}" for name, cell in zip(rule.columns, cells, strict=True))
        shown = ", ".join(told)[:_SHOWN]
    return Example(piece.file, piece.first_row + at, piece.line(at), shown)
