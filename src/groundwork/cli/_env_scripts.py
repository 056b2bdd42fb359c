"""``groundwork env scripts``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from groundwork import environment


def scripts(
    output: Annotated[Path, typer.Option("--output", help="Folder of the project.", metavar="DIR")] = Path(),
) -> None:
    """Write setup.sh, setup.ps1 and setup.cmd: they make .venv from requirements.lock without groundwork."""
    paths = environment.write_scripts(output)
    for path in paths:
        typer.echo(path)
    if not (output / "requirements.lock").is_file():
        typer.echo(f"{output / 'requirements.lock'} is not there yet; the scripts need it", err=True)
    typer.echo(f"Next: sh {shlex.quote(str(paths[0]))}")
