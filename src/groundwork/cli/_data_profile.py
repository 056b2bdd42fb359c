"""``groundwork data profile``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from groundwork import storage
from groundwork.cli._data_source import Table, check_output, open_table
from groundwork.cli._data_view import many, number, print_json, reading, share, show_notes, show_table, spark
from groundwork.data import ColumnProfile, Profile, draft_schema, dump_schema, profile, profile_page
from groundwork.errors import UsageError

_TEXTUAL = ("String", "Categorical", "Enum", "Boolean")


def run(
    files: Sequence[str],
    *,
    output: Path | None,
    as_json: bool,
    null_values: Sequence[str] | None,
    member: str | None,
    suggest_schema: bool,
) -> None:
    """Describe a table.

    Args:
        files: What was named.
        output: A page, the profile as JSON, or with ``suggest_schema`` the schema as YAML.
        as_json: Print the profile as JSON.
        null_values: Texts that mean missing.
        member: Which file of a zip.
        suggest_schema: Draft a schema instead.
    """
    if suggest_schema and as_json:
        raise UsageError("--suggest-schema prints YAML, and --json asks for JSON", hint="give one of them")
    check_output(output, (".yaml", ".yml") if suggest_schema else (".html", ".json"))
    table = open_table(files, null_values=null_values, member=member)
    check_output(output, ("",), table.paths)
    with reading(f"profiling {table.name}") as progress:
        profiled = profile(table.dataset, progress=progress)
    show_notes(table.notes)
    if suggest_schema:
        _suggest(table, profiled, output)
        return
    plain = _plain(table, profiled)
    if output is not None:
        _write(output, plain, profiled, table)
    if as_json:
        print_json(plain)
        return
    _show(profiled, table.name)
    if output is not None:
        typer.echo(f"written: {output}")
    else:
        typer.echo("Next: the same command with --output profile.html draws it, --suggest-schema drafts a schema")


def read_profile(path: Path) -> Profile:
    """Read a profile that this command has written.

    Args:
        path: The file.

    Returns:
        The profile.
    """
    return Profile.from_dict(storage.read(path))


def _plain(table: Table, profiled: Profile) -> dict[str, Any]:
    source = {"source": [str(path) for path in table.paths], "null_values": list(table.dataset.null_values)}
    return {**source, **profiled.to_dict()}


def _write(output: Path, plain: dict[str, Any], profiled: Profile, table: Table) -> None:
    if output.suffix.lower() == ".json":
        storage.write(output, plain)
        return
    with storage.atomic_write(output) as file:
        file.write(profile_page(profiled, title=table.name, notes=table.notes).encode())


def _suggest(table: Table, profiled: Profile, output: Path | None) -> None:
    text = f"# Drafted from the {many(profiled.rows, 'row')} of {table.name}: loosen what may vary.\n".replace(
        "\r", " "
    )
    text += dump_schema(draft_schema(profiled), table.dataset.null_values)
    if output is None:
        typer.echo(text, nl=False)
        return
    with storage.atomic_write(output) as file:
        file.write(text.encode())
    typer.echo(f"written: {output}")
    typer.echo(f"Next: groundwork data validate {table.paths[0]} --schema {output}")


def _show(profiled: Profile, name: str) -> None:
    rows, columns = profiled.rows, profiled.columns
    missing = sum(column.missing for column in columns)
    head = ("column", "type", "missing", "distinct", "shape", "range or most frequent")
    show_table(head, (_line(column, rows) for column in columns), right=(2, 3))
    about = f", {many(missing, 'missing cell')} ({share(missing, rows * len(columns))})" if missing else ""
    typer.echo(f"{name}: {many(rows, 'row')}, {many(len(columns), 'column')}{about}")
    if any(column.approximate for column in columns):
        typer.echo("~ estimated: the column has too many different values to keep")


def _line(column: ColumnProfile, rows: int) -> tuple[str, ...]:
    missing = f"{column.missing:,} {share(column.missing, rows):>5}" if column.missing else ""
    distinct = f"{'~' if column.approximate else ''}{column.distinct:,}"
    shape = spark(column.shape[1]) if column.histogram else ""
    return column.name, short_type(column.dtype), missing, distinct, shape, _values(column, rows)


def _values(column: ColumnProfile, rows: int) -> str:
    if column.dtype.startswith(_TEXTUAL):
        known = rows - column.missing
        return ", ".join(f"{value} {share(count, known)}" for value, count in (column.top or [])[:4])
    if column.minimum is None:
        return ""
    if column.minimum == column.maximum:
        return number(column.minimum)
    infinite = f", {column.infinite:,} infinite" if column.infinite else ""
    middle = f", median {number(column.quantiles['0.5'])}, mean {number(column.mean)}" if column.quantiles else ""
    return f"{number(column.minimum)} to {number(column.maximum)}{infinite}{middle}"


def short_type(dtype: str | None) -> str:
    """Write a type as short as a table wants it.

    Args:
        dtype: As polars names it.

    Returns:
        As ``Int64`` or ``Datetime UTC``.
    """
    if dtype is None or not dtype.startswith("Datetime("):
        return (dtype or "").partition("(")[0]
    zone = dtype.rpartition("time_zone=")[2].strip("')")
    return "Datetime" if zone == "None" else f"Datetime {zone}"
