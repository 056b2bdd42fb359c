"""``groundwork learn check`` and ``watch``: hold the learner's file against its contract, once or at each save.

Rule: exit 0 when every check that was asked for passes, 1 when one does not; a Ctrl-C ends a watch quietly.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundwork.cli import _learn_capstone
from groundwork.cli._learn_ahead import grader
from groundwork.cli._learn_count import counting
from groundwork.cli._learn_place import CAPSTONE, File, Name, Place, find_written
from groundwork.cli._learn_view import show_grade
from groundwork.environment import printable
from groundwork.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from groundwork.course import Grade
    from groundwork.testing import Verdict

_Levels = Annotated[
    list[str] | None, typer.Option("--level", help="Only checks of this level, as basic; may be repeated.")
]
_Limit = Annotated[float, typer.Option(min=0.1, help="Seconds that one check may take.")]
_Sandbox = Annotated[bool, typer.Option("--sandbox", help="Run your code in bubblewrap; it must be installed.")]


def check_exercise(
    name: Name = None,
    level: _Levels = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this check; may be repeated.")] = None,
    file: File = None,
    limit_s: _Limit = 10.0,
    sandbox: _Sandbox = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Grade your file: what holds, what broke, what to do next."""
    from groundwork.course import digest_of, record_grade

    if name == CAPSTONE:
        for option, given in (("--level", level), ("--file", file)):
            if given:
                raise UsageError(
                    f"the capstone takes no {option}: it has stages, and your seven files",
                    hint="groundwork learn capstone --only STAGE",
                )
        raise typer.Exit(_learn_capstone.run(only=only, limit_s=max(20.0, limit_s), sandbox=sandbox, as_json=as_json))
    place = find_written(name, file)
    wanted = _wanted(place, level, only)
    digest = digest_of(place.file)
    with grader(place.exercise, sandbox=sandbox) as process:
        Thread(target=_load_the_rest, daemon=True).start()
        try:
            with counting(_expected(place, wanted)) as tell:
                result = _graded(
                    place, limit_s=limit_s, on_verdict=lambda verdict: tell(verdict.check.id), process=process, **wanted
                )
        except KeyboardInterrupt:
            typer.echo(f"stopped; nothing is written down\nNext: {place.command('check')}", err=True)
            raise typer.Exit(130) from None
        try:
            # Ending what ran costs a moment, for which nobody has to wait.
            _show(place, result, digest or "", as_json=as_json)
        finally:  # also where the reader has gone, as with `| head`
            record_grade(place.exercise, place.folder, result, digest or "")
    raise typer.Exit(0 if result.passed else 1)


def _expected(place: Place, wanted: dict[str, Any]) -> int:
    levels, only = wanted.get("levels"), wanted.get("only")
    checks = place.exercise.contract
    return sum((not levels or check.level in levels) and (not only or check.id in only) for check in checks)


def _show(place: Place, result: "Grade", digest: str, *, as_json: bool) -> None:
    from groundwork.course import completes_core, count_levels, read_progress

    if not as_json:
        first = completes_core(place.exercise, read_progress(place.folder), result, digest)
        show_grade(place, result, completes_core=first)
        return

    outcomes = {verdict.check.id: str(verdict.outcome) for verdict in result.verdicts}
    levels = count_levels([verdict.check for verdict in result.verdicts], outcomes)
    told = {"exercise": place.exercise.number, "file": str(place.file)} | result.to_dict()
    told["levels"] = {str(row.level): {"passed": row.passed, "total": row.total} for row in levels}
    told["core"] = list(map(str, place.exercise.core))
    typer.echo(json.dumps(told, indent=2))


def watch_exercise(
    name: Name = None, level: _Levels = None, file: File = None, limit_s: _Limit = 10.0, sandbox: _Sandbox = False
) -> None:
    """Check at each save, what failed last first; load and mutation only if asked for with --level."""
    from groundwork.course import Saves, Watcher, read_progress
    from groundwork.testing import Outcome

    if name == CAPSTONE:
        raise UsageError("the capstone is not watched: it takes seconds", hint="groundwork learn capstone")
    place = find_written(name, file)
    wanted = _wanted(place, level or _quick(place), None)
    known = read_progress(place.folder).checks
    failing = [check for check, state in known.items() if state.outcome == Outcome.FAILED]
    typer.echo(f"watching {place.folder} for saves of exercise {place.exercise.number}; Ctrl-C ends it")
    try:
        with (
            # Kept for all rounds: it has imported the checks when the next save comes.
            grader(place.exercise, sandbox=sandbox) as process,
            Watcher(Saves(place.folder), _acknowledge) as watcher,
        ):
            while True:
                failing = _round(place, watcher, failing, limit_s=limit_s, process=process, **wanted)
                watcher.wait()
    except KeyboardInterrupt:
        typer.echo(f"\nNext: {place.command('check')}")


def _load_the_rest() -> None:
    # What writes the record; this process only waits while the checks run.
    with suppress(Exception):  # whoever needs it is told
        from groundwork.storage import FileLock, atomic_write  # noqa: F401


def check_again(place: Place, check: str) -> "Verdict":
    """Run one check and write down how it ended.

    Args:
        place: Whose file.
        check: Id of the check.

    Returns:
        Its verdict.
    """
    from groundwork.course import digest_of, record_grade

    if place.exercise.number == CAPSTONE:
        return _learn_capstone.run_stage(place, check)
    digest = digest_of(place.file)
    result = _graded(place, limit_s=10.0, on_verdict=None, only=[check])
    record_grade(place.exercise, place.folder, result, digest or "")
    if result.error is not None:
        raise UsageError(result.error, hint=place.command("check"))
    return next(verdict for verdict in result.verdicts if verdict.check.id == check)


class _SavedAgain(Exception):
    """What is being graded is out of date."""


def _round(place: Place, watcher: Any, failing: list[str], **options: Any) -> list[str]:
    """Grade once, unless the file is saved meanwhile; tell each failure as it is found."""
    from groundwork.course import completes_core, digest_of, read_progress, record_grade
    from groundwork.testing import Outcome

    seen: list[Verdict] = []

    def on_verdict(verdict: "Verdict") -> None:
        failed = verdict.outcome == Outcome.FAILED
        told = any(earlier.outcome == Outcome.FAILED for earlier in seen)
        seen.append(verdict)
        if failed and not told:
            # The one to mend; all of them come when all are known.
            typer.echo(f"  x {verdict.check.id}  {printable(verdict.message)}")
        if watcher.pending:
            raise _SavedAgain

    if not place.file.is_file():  # an editor is replacing it, or it was moved
        typer.echo(f"{place.file} is not there")
        return failing
    digest = digest_of(place.file)
    try:
        result = _graded(place, on_verdict=on_verdict, first=failing, **options)
    except _SavedAgain:
        return _failed_last(seen, failing)
    first = completes_core(place.exercise, read_progress(place.folder), result, digest or "")
    show_grade(place, result, completes_core=first)
    record_grade(place.exercise, place.folder, result, digest or "")
    return _failed_last(result.verdicts, failing)


def _failed_last(verdicts: "Iterable[Verdict]", before: list[str]) -> list[str]:
    """What failed when it was last run: what waits, as all does for a file that does not import, has not passed."""
    from groundwork.testing import Outcome

    found = {verdict.check.id: verdict.outcome for verdict in verdicts}
    failed = [check for check, outcome in found.items() if outcome == Outcome.FAILED]
    return failed + [check for check in before if found.get(check, Outcome.WAITING) == Outcome.WAITING]


def _graded(place: Place, *, limit_s: float, on_verdict: "Callable[[Verdict], None] | None", **wanted: Any) -> "Grade":
    from groundwork.course import grade

    exercise = place.exercise
    return grade(
        exercise.contract, exercise.contract_module, place.file, limit_s=limit_s, on_verdict=on_verdict, **wanted
    )


def _wanted(place: Place, levels: list[str] | None, only: list[str] | None) -> dict[str, Any]:
    from groundwork.testing import Level

    wanted: dict[str, Any] = {}
    if unknown := [level for level in levels or () if level not in set(Level)]:
        raise UsageError(f"there is no level {unknown[0]!r}; there are {', '.join(Level)}")
    if levels:
        wanted["levels"] = [Level(level) for level in levels]
        if not any(check.level in levels for check in place.exercise.contract):
            raise UsageError(f"exercise {place.exercise.number} has no check of level {' or '.join(levels)}")
    if only:
        wanted["only"] = [place.check(check).id for check in only]
    return wanted


def _quick(place: Place) -> list[str]:
    from groundwork.testing import Level

    slow = (Level.LOAD, Level.MUTATION)
    return list(dict.fromkeys(str(check.level) for check in place.exercise.contract if check.level not in slow))


def _acknowledge() -> None:
    typer.echo(f"saved {datetime.now(UTC).astimezone():%H:%M:%S}; checking")
