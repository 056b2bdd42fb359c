"""``groundwork learn``: the exercises, where the learner is in them, and what to do next.

Rule: exit 0 when every check that was asked for passes, 1 when one does not, 2 for a wrong command; the next step is
the last line.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from groundwork.cli import _learn_capstone, _learn_check, _learn_help, _learn_progress, _learn_solution, _learn_verify
from groundwork.cli._learn_place import Name, all_standings, current_standing, find_place, shown
from groundwork.cli._learn_rows import at_hand, columns, listed
from groundwork.cli._learn_view import find_following, next_step, show_core_done, show_levels
from groundwork.environment import printable
from groundwork.errors import UsageError

app = typer.Typer(help="Rebuild the parts of groundwork, graded by its own contracts.", invoke_without_command=True)
app.command("check")(_learn_check.check_exercise)
app.command("watch")(_learn_check.watch_exercise)
app.command("hint")(_learn_help.show_hint)
app.command("why")(_learn_help.explain)
app.command("diff")(_learn_solution.show_diff)
app.command("solution")(_learn_solution.show_solution)
app.command("open")(_learn_solution.open_exercise)
app.command("progress")(_learn_progress.show_progress)
app.command("report")(_learn_progress.show_report)
app.command("capstone")(_learn_capstone.run_capstone)
app.command("verify")(_learn_verify.verify_exercises)


@app.callback()
def show_screen(context: typer.Context) -> None:
    """Say where you are and what to do next."""
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UsageError("the folder that you are in has been removed", hint="go to another one with cd") from error
    if context.invoked_subcommand is not None:
        return
    found = all_standings()
    seven = found[:-1]
    done, passed = sum(each.done for each in seven), sum(each.passed for each in seven)
    cores = sum(each.core_done or each.done for each in seven)
    typer.echo(f"{cores} of {len(seven)} cores done, {done} exercises done, {passed} checks pass\n")
    here = current_standing(found)
    for row in at_hand(found, here, columns()):
        typer.echo(row)
    if here is not None and not here.done:
        typer.echo(f"\n{here.exercise.number}  {shown(here.folder / here.exercise.file)}")
        show_levels(here.levels(), here.exercise)
        for check in here.failed[:1]:
            typer.echo(f"  x {check}  {printable(here.progress.checks[check].message)}")
        if here.progress.error:
            typer.echo(f"  x {printable(here.progress.error)}")
        if here.changed:
            typer.echo("  your file was changed since it was checked")
        if here.core_done:
            show_core_done(here.exercise)
    following = find_following(found, here)
    typer.echo(f"\nNext: {next_step(following)}" if following else "\nAll exercises are done.")


@app.command("list")
def list_exercises() -> None:
    """List the exercises, how long the core of each takes (+ the rest), and how far each is."""
    found = all_standings()
    for row in listed(found, columns()):
        typer.echo(row)
    following = find_following(found, current_standing(found))
    typer.echo(f"Next: {next_step(following)}" if following else "All exercises are done.")


@app.command("start")
def start_exercise(
    name: Annotated[str, typer.Argument(metavar="EXERCISE", help="Number or folder, as 04 or 04_file_io.")],
    into: Annotated[Path | None, typer.Option(help="Folder to put it in; learn/<exercise> unless given.")] = None,
) -> None:
    """Copy an exercise's starter; what is there already is kept."""
    from groundwork.course import course_folder, find_exercise, pasted, start

    exercise = find_exercise(name)
    folder = into or shown(course_folder(Path.cwd()) / exercise.folder)
    written = start(exercise, folder)
    files = "nothing to do, all files are there" if not written else ", ".join(path.name for path in written)
    typer.echo(f"{folder}  {files}")
    where = "" if into is None else f" --file {pasted(folder / exercise.file)}"
    typer.echo(f"Next: read {pasted(folder / 'README.md')}, then groundwork learn check {exercise.number}{where}")


@app.command("reset")
def reset_exercise(name: Name = None) -> None:
    """Begin an exercise anew; all that you have goes into a dated backup first."""
    from groundwork.course import reset

    place = find_place(name, None)
    linked = os.readlink(place.file) if os.path.islink(place.file) else None
    backup = reset(place.exercise, place.folder, now=datetime.now(UTC).astimezone())
    if backup is None:
        typer.echo(f"{place.folder} is as it was at the start")
    else:
        typer.echo(f"{place.folder} is as at the start; what was there is in {backup}")
        if linked is not None:
            typer.echo(f"{place.file} was a link to {linked}, which is as it was; it is a file of its own now")
    typer.echo(f"Next: {place.command('check')}")
