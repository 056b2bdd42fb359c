"""``groundwork run``, ``runs`` and ``report``."""

from pathlib import Path
from typing import Annotated

import typer

from groundwork.cli._run_log import LogFormat, LogLevel, RunLog, tracing
from groundwork.errors import InvalidDataError

Runs = Annotated[Path, typer.Option("--runs", help="Folder of runs.", metavar="FOLDER")]


def run(
    project: Annotated[Path, typer.Argument(help="A folder with a pipeline.yaml, or the file.")] = Path(),
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Set a configuration entry, as model.params.max_depth=6.", metavar="KEY=VALUE"),
    ] = None,
    runs: Runs = Path("runs"),
    new: Annotated[bool, typer.Option("--new", help="Start a new run even if an unfinished one could go on.")] = False,
    log_format: Annotated[
        LogFormat | None,
        typer.Option("--log-format", help="Log to stderr in this format, instead of to log.jsonl in the run's folder."),
    ] = None,
    log_level: Annotated[LogLevel, typer.Option("--log-level", help="Least severity that is logged.")] = LogLevel.INFO,
) -> None:
    """Train and evaluate a project; killed at any time, the same command goes on where it stopped."""
    from rich.console import Console

    # The libraries of a run take a second or two to load; silence would look like a hang.
    with Console(stderr=True).status("starting"):
        from groundwork.cli._progress import RunScreen
        from groundwork.project import run_project

    screen = RunScreen()
    try:
        with RunLog(runs, log_level, log_format) as log:
            observers = [log, *tracing()]
            outcome = run_project(project, settings or (), runs=runs, fresh=new, watcher=screen, observers=observers)
    except (KeyboardInterrupt, SystemExit):
        screen.cancelled()
        raise
    screen.summary(outcome)
    if not outcome.result.ok:
        raise typer.Exit(1)


def runs(
    project: Annotated[Path | None, typer.Argument(help="Only the runs of this project.")] = None,
    runs: Runs = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List runs, the newest first, with what became of them."""
    from groundwork.cli._tables import print_runs
    from groundwork.project import RunStore, load_config

    name = load_config(project).name if project is not None else None
    print_runs(RunStore(runs).list(name), as_json=as_json, project=name, root=runs)


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder, as runs/latest.")] = Path("runs/latest"),
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
) -> None:
    """Open a run's report in the browser; always prints where it lies."""
    import webbrowser

    from groundwork.project import find_run

    found = find_run(run)
    path = (found.folder / "report.html").resolve()
    if not path.exists():
        raise InvalidDataError(
            f"run {found.info.id} is {found.result().status} and has no report yet",
            hint=f"groundwork run {found.info.project_path} goes on with it",
        )
    typer.echo(path)
    if open_it and not webbrowser.open(path.as_uri()):
        typer.echo("no browser could be started; open the file above", err=True)
