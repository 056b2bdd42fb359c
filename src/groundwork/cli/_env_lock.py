"""groundwork env lock, create, sync, info: from what a project asks for to an environment that is exactly that.

Rule: what changed comes first and the next step last; progress goes to stderr. A conflict of requirements is the
caller's to mend: exit code 2; no network, a wrong hash, a full disk are the world's: 1.
"""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwork import environment
from groundwork.errors import EnvironmentBroken

_Backend = Annotated[str, typer.Option(help="uv, pip, or auto: uv when it is there.")]
_Path = Annotated[Path, typer.Argument(help="Folder of the environment.")]
_Lock = Annotated[Path, typer.Option(help="The lock, with hashes.")]
_Json = Annotated[bool, typer.Option("--json", help="Print plain data for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: The group ``groundwork env``.
    """
    app.command("create")(create)
    app.command("sync")(sync)
    app.command("lock")(lock)
    app.command("info")(info)


def create(
    path: _Path = Path(".venv"),
    lock: _Lock = Path("requirements.lock"),
    project: Annotated[Path | None, typer.Option(help="Folder of a project to install in place as well.")] = None,
    backend: _Backend = "auto",
) -> None:
    """Create an environment with exactly what a lock pins; one that stands there is replaced when the new one is whole.

    Exit code 0: it is ready. 1: no network, a wrong hash, no place; then the old one still stands. 2: wrong usage.
    """
    with tools_words():
        python = environment.create(path, lock, backend=backend, project=project, report=_say)  # type: ignore[arg-type]
    typer.echo(f"Created: {path}")
    typer.echo(f"Next: groundwork env check --python {shlex.quote(str(python))} --lock {shlex.quote(str(lock))}")


def sync(
    path: _Path = Path(".venv"),
    lock: _Lock = Path("requirements.lock"),
    prune: Annotated[bool, typer.Option("--prune", help="Remove what the lock does not pin.")] = False,
    backend: _Backend = "auto",
    as_json: _Json = False,
) -> None:
    """Make an environment equal its lock: install what is missing, drifted or damaged; list strays, or remove them.

    Exit code 0: it equals the lock, but for strays. 1: no network, a wrong hash, no environment. 2: wrong usage.
    """
    with tools_words():
        result = environment.sync(path, lock, prune=prune, backend=backend, report=_say)  # type: ignore[arg-type]
    if as_json:
        _print_json(result)
        return
    for line in result.changes:
        typer.echo(line)
    for stray in result.strays:
        typer.echo(f"{stray} is not in the lock")
    more = len(result.strays)
    but = f", but for {more} package{'s' if more > 1 else ''} more" if more else ""
    typer.echo(f"{path} equals {lock}{but}")
    where = "" if path == Path(".venv") else f" {shlex.quote(str(path))}"
    if result.strays:
        typer.echo(f"Next: groundwork env sync{where} --prune --lock {shlex.quote(str(lock))}")
    else:
        typer.echo(f"Next: groundwork env check --python {shlex.quote(str(result.python))}")


def info(
    python: Annotated[Path | None, typer.Option(help="Interpreter or folder of another environment.")] = None,
    lock: Annotated[Path | None, typer.Option(help="The lock; ./requirements.lock if there is one.")] = None,
    as_json: _Json = False,
) -> None:
    """Show interpreter, place, state against the lock, packages, installer and sizes."""
    found = environment.info(python, lock=lock)
    if as_json:
        _print_json(found)
        return
    made = found.made_by_groundwork
    states = {"equal": "installed as pinned", "none": "no lock", "differs": "differs: " + ", ".join(found.missing)}
    biggest = ", ".join(f"{name} {_mib(size)}" for name, size in found.biggest.items())
    typer.echo(f"python    {found.version}, {found.python}")
    typer.echo(f"place     {found.place}" + (f", made by groundwork ({made})" if made else ""))
    typer.echo(f"made of   {found.made_from}")
    typer.echo(f"lock      {states[found.lock_state]}" + (f" ({found.lock})" if found.lock else ""))
    typer.echo(f"packages  {found.packages}, {_mib(found.size_bytes)}; biggest: {biggest or 'none'}")
    typer.echo(f"backend   {found.backend}")
    if found.lock_state == "differs":
        # What was shown may be another environment than ./.venv, which sync takes by itself.
        step = "sync" + ("" if found.place == Path.cwd() / ".venv" else f" {shlex.quote(str(found.place))}")
    else:
        step = "check" + ("" if python is None else f" --python {shlex.quote(str(python))}")
    typer.echo(f"Next: groundwork env {step}" + ("" if lock is None else f" --lock {shlex.quote(str(lock))}"))


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
    with tools_words():
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
    # Both take .venv and requirements.lock of the current folder unless told otherwise.
    step = "sync" if Path(".venv").exists() else "create"
    named = "" if result.path == Path.cwd() / "requirements.lock" else f" --lock {shlex.quote(str(result.path))}"
    typer.echo(f"Next: groundwork env {step}{named}")


@contextmanager
def tools_words() -> Iterator[None]:
    """Print what an installer said last, when it fails.

    Yields:
        Nothing.
    """
    try:
        yield
    except EnvironmentBroken as error:
        # Which package it was is in the installer's last lines alone.
        for line in str(error.context.get("output", "")).splitlines():
            _say(f"  | {line}")
        raise


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(asdict(value), indent=2, default=str))
