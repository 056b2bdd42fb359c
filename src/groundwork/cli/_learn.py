"""``groundwork learn``: begin an exercise, check it, get a hint.

Rule: exit 0 when every check passes, 1 when one does not, 2 for a wrong command; the next step is the last line.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from groundwork.course import Exercise, Grade

app = typer.Typer(help="Rebuild the parts of groundwork, graded by its own contracts.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="EXERCISE", help="Number or folder, as 04 or 04_file_io.")]
_SHOWN_LINES = 10


@app.command("list")
def list_exercises() -> None:
    """List the exercises and how far each is."""
    from groundwork.course import exercises, load_progress

    following = None
    for exercise in exercises():
        checks = load_progress(Path("learn") / exercise.folder)
        passed = sum(outcome == "passed" for outcome in checks.values())
        state = f"{passed} of {len(checks)} checks pass" if checks else "not begun"
        if checks and passed == len(checks):
            state = "done"
        elif following is None:
            following = f"groundwork learn {'check' if checks else 'start'} {exercise.number}"
        typer.echo(f"{exercise.number}  {exercise.title:<42}  {exercise.minutes:>4} min  {state}")
    typer.echo(f"Next: {following}" if following else "All exercises are done.")


@app.command("start")
def start_exercise(
    name: _Name,
    into: Annotated[Path | None, typer.Option(help="Folder to put it in; learn/<exercise> unless given.")] = None,
) -> None:
    """Copy an exercise's starter; what is there already is kept."""
    from groundwork.course import find_exercise, start

    exercise = find_exercise(name)
    folder = into or Path("learn") / exercise.folder
    written = start(exercise, folder)
    files = "nothing to do, all files are there" if not written else ", ".join(path.name for path in written)
    typer.echo(f"{folder}  {files}")
    where = "" if into is None else f" --file {folder / exercise.file}"
    typer.echo(f"Next: read {folder / 'README.md'}, then groundwork learn check {exercise.number}{where}")


@app.command("check")
def check_exercise(
    name: _Name,
    file: Annotated[Path | None, typer.Option(help="The file to grade; learn/<exercise>/... unless given.")] = None,
    limit_s: Annotated[float, typer.Option(min=0.1, help="Seconds that one check may take.")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Grade your file: what holds, what broke, what to do next."""
    from groundwork.course import find_exercise, find_solution, grade, save_progress
    from groundwork.errors import UsageError

    exercise = find_exercise(name)
    solution = file or find_solution(exercise, Path.cwd())
    if not solution.is_file():
        raise UsageError(f"{solution} is not a file; name the file that you wrote with --file")
    result = grade(exercise.contract, exercise.contract_module, solution, limit_s=limit_s)
    if as_json:
        typer.echo(json.dumps(result.to_dict(), indent=2))
    else:
        _show(exercise, result, "" if file is None else f" --file {file}")
    save_progress(exercise, solution.parent, {v.check.id: str(v.outcome) for v in result.verdicts})
    raise typer.Exit(0 if result.passed else 1)


@app.command("hint")
def show_hint(
    name: _Name,
    check: Annotated[str | None, typer.Argument(help="The check; the first that failed unless given.")] = None,
    file: Annotated[Path | None, typer.Option(help="The file that was graded.")] = None,
) -> None:
    """Say why a check matters and where to look."""
    from groundwork.course import find_exercise, find_folder, load_progress

    exercise = find_exercise(name)
    folder = file.parent if file is not None else find_folder(exercise, Path.cwd())
    outcomes = load_progress(folder)
    failed = [known for known, outcome in outcomes.items() if outcome == "failed"]
    if check is None and outcomes and set(outcomes.values()) <= {"passed", "skipped"}:
        typer.echo(f"All {len(outcomes)} checks pass; groundwork learn hint {exercise.number} CHECK tells of any one.")
        typer.echo(f"Next: compare your answers with {exercise.path / 'ANSWERS.md'}")
        return
    found = exercise.contract[check or (failed or [exercise.contract[0].id])[0]]
    typer.echo(f"{found.id}  {found.rule}")
    typer.echo(f"  why   {found.why}")
    for hint in (found.hint, *exercise.hints.get(found.id, ())):
        typer.echo(f"  hint  {hint}")
    typer.echo(f"Next: groundwork learn check {exercise.number}" + (f" --file {file}" if file else ""))


def _show(exercise: "Exercise", result: "Grade", suffix: str) -> None:
    from groundwork.testing import Outcome

    passed, waiting = result.having(Outcome.PASSED), result.having(Outcome.WAITING)
    skipped = result.having(Outcome.SKIPPED)
    typer.echo(f"{result.contract}  {len(passed)} of {len(result.verdicts) - len(skipped)} checks pass")
    if result.error is not None:
        typer.echo(f"  x {result.error}")
    failed = result.having(Outcome.FAILED)
    width = max((len(verdict.check.id) for verdict in failed), default=0)
    for verdict in failed:
        typer.echo(f"  x {verdict.check.id:<{width}}  {verdict.message}")
    if waiting:
        typer.echo(f"  . {_checks(len(waiting))} for what comes before")
    for verdict in skipped:
        typer.echo(f"  - {verdict.check.id}  {verdict.message}")
    _show_output(result.output)
    if result.passed:
        typer.echo(f"Next: compare your answers with {exercise.path / 'ANSWERS.md'}")
    elif result.error is not None:
        typer.echo(f"Next: mend that, then groundwork learn check {exercise.number}{suffix}")
    else:
        typer.echo(f"Next: groundwork learn hint {exercise.number}{suffix}")


def _checks(count: int) -> str:
    return "1 check waits" if count == 1 else f"{count} checks wait"


def _show_output(output: str) -> None:
    lines = output.splitlines()
    if lines:
        more = f", the last {_SHOWN_LINES} lines of {len(lines)}" if len(lines) > _SHOWN_LINES else ""
        typer.echo(f"  your code printed{more}:")
        for line in lines[-_SHOWN_LINES:]:
            typer.echo(f"    {line[:200]}")
