"""groundwork env fingerprint and diff: what a result depended on, and what has changed since.

Rule: what differs is said in words, one line each; a difference is an answer, not a failure.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundwork import environment
from groundwork.errors import InvalidDataError

if TYPE_CHECKING:
    from groundwork.environment import Fingerprint


def fingerprint(
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data for programs.")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Import numpy and torch, and add the threads in use.")] = False,
) -> None:
    """Show what a result depends on besides code and data."""
    now = environment.fingerprint(ask=ask)
    if as_json:
        typer.echo(json.dumps(now.to_dict(), indent=2))
        return
    for name, value in _rows(now):
        typer.echo(f"{name:<15}{value}" if ask else f"{name:<10}{value}")
    typer.echo("Next: groundwork env fingerprint --json > before.json; later: groundwork env diff before.json")


def diff(
    a: Annotated[Path, typer.Argument(help="A fingerprint, or any JSON file, run or checkpoint that holds one.")],
    b: Annotated[Path | None, typer.Argument(help="Another; this environment if left out.")] = None,
) -> None:
    """Say in words what differs between two environments."""
    lines = environment.diff(_load(a), environment.fingerprint() if b is None else _load(b))
    for line in lines:
        typer.echo(line)
    if not lines:
        typer.echo("No difference.")


def _rows(now: "Fingerprint") -> list[tuple[str, str]]:
    return [
        ("digest", now.digest),
        ("python", f"{now.implementation} {now.python} ({now.build}) on {now.platform}, {now.cores:g} cores"),
        ("packages", f"{len(now.packages)}, {len(now.hashes or {})} of them with the hash of their build"),
        *((name, value or "none") for name, value in (now.native or {}).items()),
        ("threads", _set(now.threads)),
        ("variables", _set(now.variables or {})),
    ]


def _set(variables: Mapping[str, str | None]) -> str:
    told = ", ".join(f"{name}={value}" for name, value in variables.items() if value is not None)
    return told or "no variable set"


def _load(path: Path) -> "Fingerprint":
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    for file in files:
        try:
            found = _find(json.loads(file.read_bytes()))
        except OSError as error:
            raise InvalidDataError(f"cannot read {file}: {error.strerror}", hint="name an existing file") from error
        except ValueError as error:
            raise InvalidDataError(f"{file} is not JSON: {error}", hint="name a JSON file") from error
        if found is not None:
            return environment.Fingerprint.from_dict(found)
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
