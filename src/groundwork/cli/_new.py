"""``groundwork new``."""

import os
from pathlib import Path
from typing import Annotated

import typer


def new(
    name: Annotated[Path, typer.Argument(help="The folder to make; its last part is the project's name.")],
    template: Annotated[str, typer.Option("--template", help="tabular, service or library.")] = "tabular",
) -> None:
    """Make a project that runs at once: data, code, tests, lock, pipeline.yaml, CI and Dockerfile."""
    from groundwork.project import new_project

    folder = new_project(name, template=template)
    shown = os.path.relpath(folder)
    typer.echo(f"{shown}  {sum(path.is_file() for path in folder.rglob('*'))} files, of the template {template}")
    typer.echo(
        f"Next: cd '{shown}' && python3 bootstrap.py test"
        if " " in shown
        else f"Next: cd {shown} && python3 bootstrap.py test"
    )
