"""What a validation found, in numbers and in rows that one can look up.

Rule: every broken rule is counted in full; its examples are few, and each says file, row and line.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple


class Example(NamedTuple):
    """A row that broke a rule.

    Attributes:
        file: The file, or what the source is called.
        row: Its row within that file; the first after the header is 1.
        line: The line at which the row begins, embedded newlines counted; None where there are no lines.
        value: The cell as read, shortened; of several columns ``a=1, b=2``; None where missing.
    """

    file: str
    row: int
    line: int | None
    value: str | None

    @property
    def place(self) -> str:
        """File, row and line in words."""
        return f"{self.file}: row {self.row:,}" + ("" if self.line is None else f" (line {self.line:,})")


@dataclass(frozen=True)
class Violation:
    """One rule of one column, or of several together, broken at least once.

    Attributes:
        rule: dtype, nullable, min, max, allowed, regex or unique; or the name of one of the schema's ``rules``.
        column: The column; several joined by a comma.
        count: How many rows break it.
        examples: The first few.
    """

    rule: str
    column: str
    count: int
    examples: list[Example]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "rule": self.rule,
            "column": self.column,
            "count": self.count,
            "examples": [example._asdict() for example in self.examples],
        }

    def __str__(self) -> str:
        rows = f"{self.count:,} row{'s' if self.count != 1 else ''}"
        first = self.examples[0]
        value = "missing" if first.value is None else repr(first.value)
        return f"{self.rule} of {self.column}: {rows}, first {first.place}: {value}"


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

    def __str__(self) -> str:
        bad = self.rows_in - self.rows_out
        head = f"{self.rows_in:,} rows, {bad:,} break the schema" if bad else f"{self.rows_in:,} rows keep the schema"
        return "\n".join([head, *(f"  {violation}" for violation in self.violations)])
