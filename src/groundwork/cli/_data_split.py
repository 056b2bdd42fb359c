"""``groundwork data split``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from groundwork import storage
from groundwork.cli._data_source import Table, known_columns, open_table, read_schema
from groundwork.cli._data_view import clean, print_json, reading, share, show_notes, show_table, working
from groundwork.data import LeakageFinding, Splits, expression, leakage, split
from groundwork.errors import UsageError

_PARTS = ("train", "validation", "test")
_RECORD = "split.json"
_MARKS = {"error": ("x", "red"), "warning": ("!", "yellow")}


def run(
    files: Sequence[str],
    *,
    output: Path,
    wish: dict[str, Any],
    target: str | None,
    force: bool,
    schema: Path | None,
    null_values: Sequence[str] | None,
    member: str | None,
    as_json: bool,
) -> None:
    """Part a table.

    Args:
        files: What was named.
        output: The folder for the parts.
        wish: How rows are parted: the arguments of ``split`` by name.
        target: What will be predicted.
        force: Whether a split that is there may be replaced.
        schema: The schema file.
        null_values: Texts that mean missing.
        member: Which file of a zip.
        as_json: Print plain data.
    """
    _check_folder(output, force=force)
    _check_kind(wish)
    table = open_table(files, null_values=null_values, member=member, schema=read_schema(schema, None))
    wish = _check_columns(table, output, wish, target)
    with reading(f"reading {table.name}") as progress:
        splits = split(table.dataset.collect(progress=progress), **wish)
    with working("looking for leakage"):
        found = _leaks(splits, wish, target)
    record = _write(output, splits, table, wish)
    show_notes(table.notes)
    _show(record, found, output, target, as_json=as_json)
    if any(one.severity == "error" for one in found):
        raise typer.Exit(1)


def _check_kind(wish: dict[str, Any]) -> None:
    if wish["kind"] == "random" and wish["column"] is not None:
        raise UsageError(
            f"--kind random looks at no column, and --column {wish['column']} is given",
            hint="--kind stratified shares out its classes, --kind time orders by it",
        )


def _check_columns(table: Table, output: Path, wish: dict[str, Any], target: str | None) -> dict[str, Any]:
    if any((output / f"{name}.parquet").absolute() == path.absolute() for name in _PARTS for path in table.paths):
        raise UsageError(f"{output} holds the input itself", hint="write to another folder, so that it is not lost")
    for option, name in (("--column", wish["column"]), ("--group", wish["group"]), ("--target", target)):
        known_columns(table, [name] if name else None, option)
    return {**wish, "key": known_columns(table, wish["key"], "--key")}


def _check_folder(output: Path, *, force: bool) -> None:
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file", hint="name a folder for the parts")
    there = [f"{name}.parquet" for name in _PARTS if (output / f"{name}.parquet").exists()]
    there += [_RECORD] if (output / _RECORD).exists() else []
    if there and not force:
        raise UsageError(f"{output} already holds {there[0]}", hint="name another folder, or replace it by --force")


def _leaks(splits: Splits, wish: dict[str, Any], target: str | None) -> list[LeakageFinding]:
    group, key = wish["group"], wish["key"]
    groups = {group: expression(f"pl.col({group!r})")} if group is not None else None
    time = wish["column"] if wish["kind"] == "time" else None
    return leakage(splits, target=target, groups=groups, keys=[tuple(key)] if key else (), time=time)


def _write(output: Path, splits: Splits, table: Table, wish: dict[str, Any]) -> dict[str, Any]:
    with storage.told_as_storage_error(output, "cannot write"):
        output.mkdir(parents=True, exist_ok=True)
        # The record goes first and comes last: where it is, the parts beside it are the ones that it names.
        (output / _RECORD).unlink(missing_ok=True)
        if not wish["validation"]:
            (output / "validation.parquet").unlink(missing_ok=True)
    parts = {}
    for name in _PARTS:
        path, frame = output / f"{name}.parquet", getattr(splits, name)
        if name == "validation" and not frame.height and not wish["validation"]:
            continue
        storage.write(path, frame)
        parts[name] = {"file": path.name, "rows": frame.height, "sha256": storage.sha256(path)}
    record = {
        "source": [{"file": str(path), "sha256": storage.sha256(path)} for path in table.paths],
        "options": wish,
        **splits.to_dict(),
        "parts": parts,
    }
    storage.write(output / _RECORD, record)
    return record


def _show(
    record: dict[str, Any], found: list[LeakageFinding], output: Path, target: str | None, *, as_json: bool
) -> None:
    if as_json:
        print_json({**record, "leakage": [one.to_dict() for one in found]})
        return
    whole = sum(part["rows"] for part in record["parts"].values())
    rows = (
        (name, f"{part['rows']:,}", share(part["rows"], whole), record["boundaries"].get(name, ""), part["sha256"][:12])
        for name, part in record["parts"].items()
    )
    show_table(("part", "rows", "share", "from", "sha256"), rows, right=(1, 2))
    for one in found:
        mark, colour = _MARKS[one.severity]
        typer.echo(f"{typer.style(mark, fg=colour)} {one.kind}: {clean(one.message)}")
    if not found:
        typer.echo(f"{typer.style('+', fg='green')} no sign of leakage")
    typer.echo(f"written: {output}")
    if target is None:
        typer.echo("Next: the same command with --target COLUMN --force also looks for columns that tell the target")
