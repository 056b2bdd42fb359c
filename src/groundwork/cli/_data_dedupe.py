"""``groundwork data dedupe``."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import typer

from groundwork.cli._data_source import TABLES, Table, check_output, known_columns, open_table, read_schema
from groundwork.cli._data_view import many, print_json, reading, share, show_notes
from groundwork.data import Dataset, Deduplicated, NearNumbers, NearText, deduplicate
from groundwork.errors import UsageError

_EXAMPLES = 5
_Keep = Literal["first", "last", "none", "best"]


def run(
    files: Sequence[str],
    *,
    columns: Sequence[str] | None,
    keep: str,
    by: str | None,
    descending: bool,
    near: Sequence[str] | None,
    threshold: float | None,
    decimals: int | None,
    output: Path | None,
    schema: Path | None,
    null_values: Sequence[str] | None,
    member: str | None,
    as_json: bool,
) -> None:
    """Remove duplicates.

    Args:
        files: What was named.
        columns: Columns that make rows the same.
        keep: Which row stays.
        by: The column that says what is best.
        descending: Whether the largest is.
        near: Columns of nearly the same text or numbers.
        threshold: Least similarity of texts.
        decimals: To which numbers are rounded.
        output: Where the rows that stay go.
        schema: The schema file.
        null_values: Texts that mean missing.
        member: Which file of a zip.
        as_json: Print plain data.
    """
    _check(columns, keep, by, near, threshold, decimals)
    check_output(output, TABLES)
    rules = read_schema(schema, None)
    table = open_table(files, null_values=null_values, member=member, schema=rules)
    check_output(output, TABLES, table.paths)
    known_columns(table, [by] if by else None, "--by")
    which: _Keep = {"last": "last", "none": "none", "best": "best"}.get(keep, "first")  # type: ignore[assignment]
    wish: dict[str, Any] = {
        "columns": known_columns(table, columns, "--columns"),
        "keep": which,
        "by": by,
        "descending": descending,
        "near": _near(table, near, threshold, decimals),
    }
    with reading(f"reading {table.name}") as progress:
        found = _deduplicated(table, wish, output, progress)
    show_notes(table.notes)
    _show(found, table, output, as_json=as_json)


def _deduplicated(
    table: Table, wish: dict[str, Any], output: Path | None, progress: Callable[[int, int], None] | None
) -> Deduplicated:
    if output is not None and wish["near"] is None:
        return deduplicate(table.dataset, **wish, out=output, progress=progress)
    found = deduplicate(table.dataset.collect(progress=progress), **wish)
    if output is not None:
        Dataset.scan(found.frame).sink(output)
    return found


def _check(
    columns: Sequence[str] | None,
    keep: str,
    by: str | None,
    near: Sequence[str] | None,
    threshold: float | None,
    decimals: int | None,
) -> None:
    if (keep == "best") != (by is not None):
        raise UsageError("--keep best and --by COLUMN need each other", hint="the column says what is best")
    if near is not None and columns is not None:
        raise UsageError("--columns and --near both say what is the same", hint="give one of them")
    if near is None and (threshold is not None or decimals is not None):
        raise UsageError("--threshold and --decimals say how near, and there is no --near", hint="add --near COLUMN")
    if threshold is not None and decimals is not None:
        raise UsageError("--threshold is for texts and --decimals for numbers", hint="give one of them")


def _near(
    table: Table, near: Sequence[str] | None, threshold: float | None, decimals: int | None
) -> NearText | NearNumbers | None:
    names = known_columns(table, near, "--near")
    if names is None:
        return None
    types = table.dataset.columns()
    if decimals is not None:
        return NearNumbers(names, decimals=decimals)
    numeric = [name for name in names if types[name].is_numeric()]
    if numeric:
        raise UsageError(f"--near {numeric[0]}: the column holds numbers", hint="say how near they are by --decimals N")
    return NearText(names, threshold=0.8 if threshold is None else threshold)


def _show(found: Deduplicated, table: Table, output: Path | None, *, as_json: bool) -> None:
    report = found.report
    if as_json:
        print_json({**report.to_dict(), "written": None if output is None else str(output)})
        return
    for row, kept in report.examples[:_EXAMPLES]:
        typer.echo(f"row {row:,} " + ("goes" if kept is None else f"repeats row {kept:,}"))
    if report.removed > _EXAMPLES:
        typer.echo(f"and {report.removed - _EXAMPLES:,} more")
    part = f" ({share(report.removed, report.rows_in)})" if report.removed else ""
    verb = "removed" if output is not None else "would go"
    typer.echo(
        f"{table.name}: {many(report.rows_in, 'row')}, {report.removed:,} {verb}{part}, {report.rows_out:,} stay"
    )
    typer.echo(f"written: {output}" if output is not None else "Next: the same command with --output OUT.parquet")
