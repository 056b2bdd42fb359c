"""``groundwork plugins``: what installed packages bring, where it comes from, and whether it can be used."""

import contextlib
import json
import sys
from typing import Annotated, Any

import typer

_HEAD = ("kind", "name", "package", "version", "where")


def plugins(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the estimators, steps, file formats and metrics that installed packages bring; imports each to try it.

    Exits with 1 if one cannot be used.
    """
    from groundwork.environment import installed_plugins

    rows = [_row(plugin) for plugin in installed_plugins()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif rows:
        _print(rows)
    else:
        typer.echo("no installed package brings any; docs/plugins.md shows how one does")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def _row(plugin: Any) -> dict[str, Any]:
    # What a package prints when it is imported is no part of the list.
    with contextlib.redirect_stdout(sys.stderr):
        problem = plugin.problem()
    return {
        "kind": plugin.kind,
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "value": plugin.value,
        "ok": problem is None,
        "problem": problem,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    from groundwork.environment import printable

    cells = [_HEAD, *((row["kind"], row["name"], row["distribution"], row["version"], row["value"]) for row in rows)]
    shown = [tuple(printable(cell) for cell in line) for line in cells]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for line, row in zip(shown, [None, *rows], strict=True):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        mark = "  " if row is None else "ok" if row["ok"] else "x "
        typer.echo(f"{mark}  {text}".rstrip())
        if row is not None and not row["ok"]:
            typer.echo(f"    {printable(row['problem'])}")
