"""groundwork env: look at the Python environment and mend it.

Rule: the worst comes first and the next step last; exit code 1 means that something keeps things from working.
"""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork import environment
from groundwork.cli import _env_fingerprint, _env_lock, _env_report
from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.environment import Finding, Remedy

app = typer.Typer(help="Check, mend and fingerprint the Python environment.", no_args_is_help=True)
_env_lock.register(app)

_FORMAT = 1

Json = Annotated[bool, typer.Option("--json", help="Print plain data for programs.")]
Python = Annotated[Path | None, typer.Option(help="Interpreter or folder of another environment.")]
Lock = Annotated[Path | None, typer.Option(help="The lock; ./requirements.lock if there is one.")]
Only = Annotated[list[str] | None, typer.Option(help="Name of a check; may be given more than once.")]


@app.command()
def check(
    as_json: Json = False,
    junit: Annotated[Path | None, typer.Option(help="Also write a JUnit report, for CI.")] = None,
    python: Python = None,
    only: Only = None,
    lock: Lock = None,
) -> None:
    """Check interpreter, packages, files, machine and settings.

    Exit code 0: fine, perhaps with warnings. 1: an error was found. 2: wrong usage.
    """
    findings = environment.check(python, only=only, lock=lock)
    _tell(findings, (), as_json=as_json)
    if junit is not None:
        environment.write_junit(junit, findings)
    _end(findings)


@app.command()
def fix(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
    python: Python = None,
    only: Only = None,
    lock: Lock = None,
    backend: Annotated[
        str, typer.Option(envvar="GROUNDWORK_BACKEND", help="uv, pip, or auto: uv when it is there.")
    ] = "auto",
) -> None:
    """Install again what is damaged, missing or of another version than the lock's; then check again.

    Exit code 0: no error is left. 1: an error is left, the answer was no, or it could not be installed. 2: wrong usage.
    """
    findings = environment.check(python, only=only, lock=lock)
    planned = [one for one in environment.remedies(findings) if one.packages]
    mended: list[str] = []
    if planned:
        _announce(findings, planned)
        if not yes and not _agreed(_unasked(python, only or (), lock, backend)):
            _say("Nothing was changed.")
            raise typer.Exit(1)
        with _env_lock.tools_words():
            mended = environment.repair(_within(findings, planned), backend=backend, report=_say)  # type: ignore[arg-type]
        findings = environment.check(python, only=only, lock=lock)
    else:
        _say("Nothing to install again.")
    _tell(findings, mended, as_json=as_json)
    _end(findings)


app.command("fingerprint")(_env_fingerprint.fingerprint)
app.command("diff")(_env_fingerprint.diff)


def _announce(findings: "Sequence[Finding]", planned: "Sequence[Remedy]") -> None:
    for remedy in planned:
        for one in findings:
            if one.severity != "ok" and remedy.packages.keys() & set(one.packages):
                _say(f"{one.check}: {one.found}")
        what = ", ".join(f"{name} {version}" for name, version in remedy.packages.items())
        _say(f"This installs again, as {remedy.lock} pins it, hashes checked: {what}")
        _say(f"into the environment of {remedy.python}; nothing else is changed.")


def _unasked(python: Path | None, only: Sequence[str], lock: Path | None, backend: str) -> str:
    # Without these it would mend another environment than the one that was asked about.
    words = ["groundwork", "env", "fix", "--yes", *(word for name in only for word in ("--only", name))]
    words += [] if python is None else ["--python", str(python)]
    words += [] if lock is None else ["--lock", str(lock)]
    words += [] if backend == "auto" else ["--backend", backend]
    return shlex.join(words)


def _agreed(unasked: str) -> bool:
    if not _at_terminal():
        raise UsageError(
            "nothing was changed: fix asks before it installs, and there is no terminal to ask at",
            hint=f"to go on without being asked: {unasked}",
        )
    # Not typer.confirm: of Ctrl-C that makes exit code 1, which means no.
    typer.echo("Go on? [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _within(findings: "Sequence[Finding]", planned: "Sequence[Remedy]") -> "list[Finding]":
    # What the lock does not pin stays, and is told by the check that follows.
    can = {(remedy.python, remedy.lock): remedy.packages for remedy in planned}
    return [
        replace(one, packages=tuple(name for name in one.packages if name in can.get((one.python, one.lock), ())))
        for one in findings
    ]


def _tell(findings: "Sequence[Finding]", mended: Sequence[str], *, as_json: bool) -> None:
    if not as_json:
        _env_report.show(findings, mended)
        return
    numbers = {severity: sum(one.severity == severity for one in findings) for severity in ("error", "warning")}
    answer = {
        "format": _FORMAT,
        "ok": not numbers["error"],
        "errors": numbers["error"],
        "warnings": numbers["warning"],
        "mended": list(mended),
        "findings": [one.to_dict() for one in findings],
    }
    typer.echo(json.dumps(answer, indent=2))


def _end(findings: "Sequence[Finding]") -> None:
    if any(one.severity == "error" for one in findings):
        raise typer.Exit(1)


def _say(message: str) -> None:
    typer.echo(environment.printable(message), err=True)
