"""``groundwork data validate``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import typer

from groundwork.cli._data_source import TABLES, Table, check_output, open_table, project_source, read_schema
from groundwork.cli._data_view import clean, many, print_json, reading, share, show_notes
from groundwork.data import ValidationReport, Violation
from groundwork.errors import InvalidDataError, UsageError

_EXAMPLES = 3
_Policy = Literal["error", "drop", "quarantine"]


def run(
    files: Sequence[str],
    *,
    schema: Path | None,
    project: Path | None,
    policy: str,
    output: Path | None,
    quarantine: Path | None,
    null_values: Sequence[str] | None,
    member: str | None,
    as_json: bool,
) -> None:
    """Hold a table against a schema.

    Args:
        files: What was named.
        schema: The schema file.
        project: The project that has the schema.
        policy: What becomes of bad rows.
        output: Where good rows go.
        quarantine: Where bad rows go.
        null_values: Texts that mean missing.
        member: Which file of a zip.
        as_json: Print plain data.
    """
    if output is None and policy != "error":
        raise UsageError(f"--policy {policy} says what is written, and there is no --output", hint="add --output OUT")
    if quarantine is not None and policy != "quarantine":
        raise UsageError("--quarantine names a file for bad rows", hint="add --policy quarantine")
    rules = read_schema(schema, project)
    if rules is None:
        named = " ".join(files) or "FILE"
        raise UsageError(
            "there is no schema to validate against",
            hint="give --schema FILE or --project PROJECT; a draft comes from "
            f"groundwork data profile {named} --suggest-schema",
        )
    if not files and project is not None:
        files, member = project_source(project)
    if not files:
        raise UsageError("there is no file to validate", hint="name one, or --project PROJECT for its own source")
    for out in (output, quarantine):
        check_output(out, TABLES)
    table = open_table(files, null_values=null_values, member=member, schema=rules)
    for out in (output, quarantine):
        check_output(out, TABLES, table.paths)
    if output is not None and quarantine is not None and output.absolute() == quarantine.absolute():
        raise UsageError("--output and --quarantine are one file", hint="name two")
    report, written = _report(table, policy, output, quarantine)
    _show(report, table, written, as_json=as_json)
    if not report.ok:
        raise typer.Exit(1)


def _report(
    table: Table, policy: str, output: Path | None, quarantine: Path | None
) -> tuple[ValidationReport, list[Path]]:
    with reading(f"validating {table.name}") as progress:
        if output is None:
            return table.dataset.validate(progress=progress), []
        chosen: _Policy = "drop" if policy == "drop" else "quarantine" if policy == "quarantine" else "error"
        aside = quarantine or output.with_name(f"{output.name.partition('.')[0]}.quarantine.parquet")
        try:
            report = table.dataset.sink(
                output, chosen, quarantine=aside if chosen == "quarantine" else None, progress=progress
            )
        except InvalidDataError:
            if chosen != "error":
                raise
            # The first bad row has stopped it; the report tells of all of them.
            report = table.dataset.validate(progress=progress)
            if report.ok:
                raise
            return report, []
    return report, [output, aside] if chosen == "quarantine" else [output]


def _show(report: ValidationReport, table: Table, written: list[Path], *, as_json: bool) -> None:
    show_notes(table.notes)
    worst = sorted(report.violations, key=lambda violation: -violation.count)
    bad = report.rows_in - report.rows_out
    if as_json:
        plain = report.to_dict()
        plain["violations"] = [violation.to_dict() for violation in worst]
        print_json({"ok": report.ok, **plain, "written": [str(path) for path in written]})
        return
    for violation in worst:
        _show_violation(violation, report.rows_in)
    broken = f"{bad:,} of {many(report.rows_in, 'row')} break{'s' if bad == 1 else ''} a rule"
    kept = f"{many(report.rows_in, 'row')}, every rule is kept"
    typer.echo(f"{table.name}: {broken if bad else kept}")
    for path in written:
        typer.echo(f"written: {path}")
    if bad and not written:
        typer.echo("Next: mend the rows, or --policy quarantine --output good.parquet sets them aside")


def _show_violation(violation: Violation, rows: int) -> None:
    mark = typer.style("x", fg="red")
    part = share(violation.count, rows)
    typer.echo(f"{mark} {clean(violation.column)}: {violation.rule}, {many(violation.count, 'row')} ({part})")
    for example in violation.examples[:_EXAMPLES]:
        value = "missing" if example.value is None else repr(example.value)
        place = f"row {example.row:,}" if example.line is None else str(example.line)
        separator = ": " if example.line is None else ":"
        typer.echo(f"    {clean(example.file)}{separator}{place}  {clean(value)}")
    more = violation.count - len(violation.examples[:_EXAMPLES])
    if more > 0:
        typer.echo(f"    and {more:,} more")
