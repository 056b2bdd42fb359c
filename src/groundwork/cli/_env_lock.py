"""groundwork env lock, create, sync, info: from what a project asks for to an environment that is exactly that.

Rule: what changed comes first and the next step last; progress goes to stderr. A conflict of requirements is the
caller's to mend: exit code 2; no network, a wrong hash, a full disk are the world's: 1.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwork import environment

_Backend = Annotated[str, typer.Option(help="uv, pip, or auto: uv when it is there.")]
_Json = Annotated[bool, typer.Option("--json", help="Print plain data for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: The group ``groundwork env``.
    """
    app.command("lock")(lock)


def lock(
    project: Annotated[Path, typer.Argument(help="Folder, pyproject.toml or requirements.in.")] = Path(),
    output: Annotated[Path | None, typer.Option(help="The lock; requirements.lock beside the project's file.")] = None,
    python: Annotated[str | None, typer.Option(help="The oldest Python that must do, as 3.11.")] = None,
    extra: Annotated[list[str] | None, typer.Option(help="Optional dependencies to pin too; repeatable.")] = None,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Look for newer versions of everything.")] = False,
    upgrade_package: Annotated[list[str] | None, typer.Option(help="Look for a newer one of this; repeatable.")] = None,
    backend: _Backend = "auto",
    as_json: _Json = False,
) -> None:
    """Write requirements.lock: exact versions with hashes, for every platform.

    Exit code 0: the lock is written or was right. 1: no network, or a failure. 2: requirements exclude each other.
    """
    result = environment.lock(
        project,
        output=output,
        python=python,
        extras=extra or (),
        upgrade=upgrade or (upgrade_package or ()),
        backend=backend,  # type: ignore[arg-type]
        report=_say,
    )
    if as_json:
        _print_json(result)
        return
    for line in result.changes:
        typer.echo(line)
    where = "every platform" if result.universal else "this platform alone"
    done = "written" if result.changed else "unchanged"
    typer.echo(f"{result.path} {done}: {result.packages} packages, for {where}")
    typer.echo("Next: groundwork env sync")


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(asdict(value), indent=2, default=str))
