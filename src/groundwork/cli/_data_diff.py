"""``groundwork data diff``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from groundwork import storage
from groundwork.cli._data_profile import read_profile, short_type
from groundwork.cli._data_source import Table, check_output, known_columns, open_table, paths_of, read_schema
from groundwork.cli._data_view import clean, many, number, print_json, reading, show_notes, show_table
from groundwork.data import ColumnDrift, Profile, RowDiff, drift, drift_page, row_diff
from groundwork.errors import UsageError

_COLOURS = {"severe": "red", "moderate": "yellow", "none": "green"}
_COLUMNS = 10
_QUIET = 30
_EXAMPLES = 5


@dataclass(frozen=True)
class _Side:
    name: str
    table: Table | None
    profile: Profile | None

    @property
    def compared(self) -> Any:
        """What ``drift`` takes: the rows themselves where they are there, for they give exact figures."""
        return self.profile if self.table is None else self.table.dataset


def run(
    reference: str,
    current: str,
    *,
    key: Sequence[str] | None,
    output: Path | None,
    schema: Path | None,
    null_values: Sequence[str] | None,
    as_json: bool,
) -> None:
    """Compare two tables.

    Args:
        reference: A table or a profile.
        current: Another.
        key: What says which row it is.
        output: A page or plain data.
        schema: The schema file, of both.
        null_values: Texts that mean missing, in both.
        as_json: Print plain data.
    """
    check_output(output, (".html", ".json"), [path for path in map(Path, (reference, current)) if path.exists()])
    rules = read_schema(schema, None)
    before, now = (_side(name, null_values, rules) for name in (reference, current))
    keys = _keys(key, before, now)
    with reading("comparing") as progress:
        found = drift(before.compared, now.compared, progress=progress)
        rows = row_diff(before.compared, now.compared, keys) if keys else None
    counts = found[0].rows if found else (0, 0)
    differs = any(one.change is not None for one in found)
    severe = any(one.severity == "severe" for one in found)
    plain = {
        "reference": {"name": before.name, "rows": counts[0]},
        "current": {"name": now.name, "rows": counts[1]},
        "schema_differs": differs,
        "severe": severe,
        "columns": [one.to_dict() for one in found],
        "rows": rows.to_dict() if rows else None,
    }
    titles = [f"{before.name}, {many(counts[0], 'row')}", f"{now.name}, {many(counts[1], 'row')}"]
    if output is not None:
        _write(output, plain, found, titles)
    notes = list(dict.fromkeys(note for side in (before, now) if side.table for note in side.table.notes))
    empty = [side.name for side, count in zip((before, now), counts, strict=True) if not count]
    show_notes([*notes, *(f"{name} has no rows: only columns and types are compared" for name in empty)])
    if as_json:
        print_json(plain)
    else:
        _show(found, rows, titles, output)
    if differs or severe:
        raise typer.Exit(1)


def _side(text: str, null_values: Sequence[str] | None, rules: Any) -> _Side:
    if text.lower().endswith(".json"):
        path = paths_of([text])[0]
        return _Side(path.name, None, read_profile(path))
    table = open_table([text], null_values=null_values, schema=rules)
    return _Side(table.name, table, None)


def _keys(key: Sequence[str] | None, *sides: _Side) -> list[str]:
    keys: list[str] = []
    for side in sides if key is not None else ():
        if side.table is None:
            raise UsageError(f"--key compares rows, and {side.name} is a profile", hint="name the table itself")
        keys = known_columns(side.table, key, "--key") or []
    return keys


def _write(output: Path, plain: dict[str, Any], found: Sequence[ColumnDrift], titles: Sequence[str]) -> None:
    if output.suffix.lower() == ".json":
        storage.write(output, plain)
        return
    with storage.atomic_write(output) as file:
        notes = [f"Reference: {titles[0]}. Now: {titles[1]}."]
        file.write(drift_page(found, title="Drift", notes=notes).encode())


def _show(found: Sequence[ColumnDrift], rows: RowDiff | None, titles: Sequence[str], output: Path | None) -> None:
    typer.echo(f"reference  {clean(titles[0])}")
    typer.echo(f"current    {clean(titles[1])}")
    quiet = [one for one in found if one.severity == "none" and not _what(one)]
    shown = [one for one in found if one not in quiet[_QUIET:]]
    show_table(("column", "drift", "PSI", "KS", "what"), map(_line, shown), right=(2, 3), colours=_COLOURS)
    if len(shown) < len(found):
        typer.echo(f"and {many(len(found) - len(shown), 'column')} without drift")
    if rows is not None:
        _show_rows(rows)
    if not all(one.exact for one in found):
        typer.echo("~ from stored or estimated quantiles, or the most frequent values")
    counts = {name: sum(one.severity == name for one in found) for name in _COLOURS}
    typer.echo(f"{counts['severe']} severe, {counts['moderate']} moderate, {counts['none']} without drift")
    typer.echo(
        f"written: {output}" if output is not None else "Next: the same command with --output drift.html draws it"
    )


def _line(one: ColumnDrift) -> tuple[str, ...]:
    mark = "" if one.exact else "~"
    psi = "" if one.psi is None else f"{mark}{one.psi:.3f}"
    ks = "" if one.ks is None else f"{mark}{one.ks:.3f}"
    return one.column, one.severity, psi, ks, _what(one)


def _what(one: ColumnDrift) -> str:
    if one.change in ("new", "vanished"):
        dtype = short_type(one.dtypes[one.change == "new"])
        return f"{'new' if one.change == 'new' else 'no longer there'} ({dtype})"
    parts = [f"{short_type(one.dtypes[0])} became {short_type(one.dtypes[1])}"] if one.change else []
    return "; ".join([*parts, *one.details])


def _show_rows(rows: RowDiff) -> None:
    typer.echo(
        f"rows by {', '.join(map(clean, rows.key))}: {rows.added:,} added, {rows.removed:,} removed, "
        f"{rows.changed:,} changed"
    )
    for name, count in list(rows.columns.items())[:_COLUMNS]:
        typer.echo(f"    {clean(name)}: {many(count, 'cell')}")
    for key, name, before, after in rows.examples[:_EXAMPLES]:
        place = ", ".join(str(part) for part in key)
        typer.echo(f"    {clean(place)}  {clean(name)}: {clean(number(before))} -> {clean(number(after))}")
