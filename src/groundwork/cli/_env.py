"""groundwork env: look at the Python environment, mend it, compare two.

Rule: the worst comes first and the next step last; exit code 1 means that something keeps things from working.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwork import environment
from groundwork.cli import _env_lock
from groundwork.environment import Finding, Fingerprint
from groundwork.errors import InvalidDataError

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


@app.command()
def fingerprint(as_json: Json = False) -> None:
    """Show what a result depends on besides code and data."""
    now = environment.fingerprint()
    if as_json:
        _print_json(now.to_dict())
        return
    threads = ", ".join(f"{name}={value}" for name, value in now.threads.items() if value is not None)
    typer.echo(f"digest    {now.digest}")
    typer.echo(f"python    {now.implementation} {now.python} on {now.platform}, {now.cores:g} cores")
    typer.echo(f"packages  {len(now.packages)}")
    typer.echo(f"threads   {threads or 'no variable set'}")
    typer.echo("Next: groundwork env fingerprint --json > before.json; later: groundwork env diff before.json")


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="A fingerprint, or any JSON file or run folder that holds one.")],
    b: Annotated[Path | None, typer.Argument(help="Another; this environment if left out.")] = None,
) -> None:
    """Say in words what differs between two environments."""
    lines = environment.diff(_load(a), environment.fingerprint() if b is None else _load(b))
    for line in lines:
        typer.echo(line)
    if not lines:
        typer.echo("No difference.")


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


def _load(path: Path) -> Fingerprint:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    for file in files:
        try:
            found = _find(json.loads(file.read_bytes()))
        except OSError as error:
            raise InvalidDataError(f"cannot read {file}: {error.strerror}", hint="name an existing file") from error
        except ValueError as error:
            raise InvalidDataError(f"{file} is not JSON: {error}", hint="name a JSON file") from error
        if found is not None:
            return Fingerprint.from_dict(found)
    raise InvalidDataError(
        f"{path} holds no fingerprint of an environment", hint="write one: groundwork env fingerprint --json"
    )


def _find(value: Any) -> Mapping[str, Any] | None:
    # A run keeps its fingerprint inside a bigger file; it is known by its fields, wherever it lies.
    if isinstance(value, Mapping):
        if {"python", "packages", "threads"} <= value.keys():
            return value
        value = list(value.values())
    if isinstance(value, list):
        return next((found for found in map(_find, value) if found is not None), None)
    return None
