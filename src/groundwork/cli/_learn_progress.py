"""``groundwork learn progress`` and ``report``: how far you are, and how far a team is."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.cli._learn_place import all_standings, current_standing, find_place
from groundwork.cli._learn_rows import columns, team
from groundwork.cli._learn_view import find_following, next_step, show_levels
from groundwork.environment import printable
from groundwork.errors import StorageError, UsageError

if TYPE_CHECKING:
    from groundwork.course import Learner

_AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def show_progress(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[EXERCISE]", help="Show every check of this one; all exercises if not given."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that needs nothing else.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Show how far you are: by level, what failed, and the next step."""
    from groundwork.course import course_folder, pasted, progress_page, standing

    if name is None:
        found = all_standings()
    else:
        place = find_place(name, None)
        found = [standing(place.exercise, place.folder)]
    if html is not None:
        _write(html, progress_page(found, name=course_folder(Path.cwd()).resolve().parent.name or "learn"))
    if as_json:
        told = [each.to_dict() | ({"checks": dict(each.outcomes)} if name else {}) for each in found]
        typer.echo(json.dumps(told, indent=2))
        return
    if html is not None:
        typer.echo(f"Next: open {pasted(html)} in a browser")
        return
    for each in found:
        typer.echo(f"{each.exercise.number}  {each.exercise.title}: {each.describe()}")
        show_levels(each.levels(), each.exercise)
        for check in each.outcomes if name else each.failed:
            outcome = each.outcomes[check]
            mark = {"passed": "+", "failed": "x", "skipped": "-"}.get(outcome, ".")
            state = each.progress.checks.get(check)
            said = (state.message if state else "") or outcome
            typer.echo(f"  {mark} {check}  {printable(said)}" if mark != "+" else f"  + {check}")
    following = find_following(found, current_standing(found))
    typer.echo(f"Next: {next_step(following)}" if following else "Next: groundwork learn progress --html progress.html")


def show_report(
    folders: Annotated[
        list[Path],
        # One that may not be read keeps nobody from the report of the others.
        typer.Argument(metavar="FOLDER...", help="Learners' folders, or folders of them.", readable=False),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row for each learner and exercise as CSV.")] = False,
    as_json: _AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write a page that needs nothing else.")] = None,
) -> None:
    """Show how far many learners are; reads their folders, runs nothing of theirs; exit 1 if one cannot be read."""
    from groundwork.course import hardest_checks, learners, pasted, report_csv, report_page

    if as_csv and as_json:
        raise UsageError("--csv and --json cannot both be printed; choose one")
    refused: list[StorageError] = []
    found = learners(folders, on_unreadable=refused.append)
    # Somebody named twice is told of once.
    unreadable = list(dict.fromkeys(error.message for error in refused))
    for sentence in unreadable:
        typer.echo(f"error: {sentence}; not in the report", err=True)
    if html is not None:
        _write(html, report_page(found, unreadable))
    if as_csv:
        typer.echo(report_csv(found), nl=False)
    elif as_json:
        typer.echo(json.dumps([learner.to_dict() for learner in found], indent=2))
    elif html is not None:
        typer.echo(f"Next: open {pasted(html)} in a browser")
    elif found:
        _show_team(found)
        for number, check, count in hardest_checks(found, 3):
            typer.echo(f"  x {number} {check}  failed by {count}")
        typer.echo(f"Next: groundwork learn report {' '.join(map(pasted, folders))} --html team.html")
    if refused:
        typer.echo(f"hint: {refused[0].hint}", err=True)
        raise typer.Exit(1)


def _show_team(found: "list[Learner]") -> None:
    for row in team(found, columns()):
        typer.echo(row)


def _write(file: Path, text: str) -> None:
    from groundwork.storage import atomic_write

    with atomic_write(file, "w", encoding="utf-8", newline="\n") as opened:
        opened.write(text)
