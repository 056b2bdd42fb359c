"""groundwork env: look at the Python environment and mend it.

Rule: the worst comes first and the next step last; exit code 1 means that something keeps things from working.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwork import environment
from groundwork.cli import _env_fingerprint, _env_lock
from groundwork.environment import Finding

app = typer.Typer(help="Check, mend and fingerprint the Python environment.", no_args_is_help=True)
_env_lock.register(app)

_MARKS = {"error": ("x", "red"), "warning": ("!", "yellow"), "ok": ("+", "green")}

Json = Annotated[bool, typer.Option("--json", help="Print plain data for programs.")]


@app.command()
def check(
    as_json: Json = False,
    fix: Annotated[bool, typer.Option("--fix", help="Install damaged, missing and drifted packages again.")] = False,
    python: Annotated[Path | None, typer.Option(help="Interpreter or folder of another environment.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Name of a check; may be given more than once.")] = None,
    lock: Annotated[Path | None, typer.Option(help="The lock; ./requirements.lock if there is one.")] = None,
) -> None:
    """Check interpreter, packages, files, machine and settings.

    Exit code 0: fine, perhaps with warnings. 1: an error was found. 2: wrong usage.
    """
    findings = environment.check(python, only=only, lock=lock)
    mended: list[str] = []
    if fix and any(one.packages for one in findings):
        mended = environment.repair(findings, report=lambda message: typer.echo(message, err=True))
        findings = environment.check(python, only=only, lock=lock)
    failed = any(one.severity == "error" for one in findings)
    if as_json:
        _print_json({"ok": not failed, "mended": mended, "findings": [one.to_dict() for one in findings]})
    else:
        _show(environment.worst_first(findings), mended)
    if failed:
        raise typer.Exit(1)


app.command("fingerprint")(_env_fingerprint.fingerprint)
app.command("diff")(_env_fingerprint.diff)


def _show(findings: list[Finding], mended: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    for one in findings:
        mark, colour = _MARKS[one.severity]
        what = Text(one.found)
        if one.severity != "ok" and one.expected:
            what.append(f"\nexpected: {one.expected}", style="dim")
        table.add_row(Text(mark, style=colour), Text(one.check, style="bold"), what)
    # A pipe has no width: only a person at a terminal needs lines folded.
    console.print(table, width=None if console.is_terminal else 200)
    counts = {severity: sum(one.severity == severity for one in findings) for severity in _MARKS}
    if mended:
        console.print(Text(f"Installed again: {', '.join(mended)}"))
    console.print(
        Text(f"{_count(counts['error'], 'error')}, {_count(counts['warning'], 'warning')}, {counts['ok']} ok")
    )
    steps = list(dict.fromkeys(one.fix for one in findings if one.fix and one.severity != "ok"))
    for step in steps:
        console.print(Text(f"Next: {step}"), soft_wrap=True)
    if not steps:
        console.print("Next: groundwork run examples/flights")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _print_json(value: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2))
