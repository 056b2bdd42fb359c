"""What a learner sees: levels as a small table, failures first, what waits and for which check, the next step last."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from groundwork.cli._learn_place import CAPSTONE, Place, all_standings, shown
from groundwork.environment import printable

if TYPE_CHECKING:
    from groundwork.course import Exercise, Grade, LevelCount, Standing
    from groundwork.testing import Verdict

_SHOWN_LINES = 10
_NAMED = 3
_BAR = 20


def show_grade(place: Place, result: "Grade", *, completes_core: bool = False, following: str | None = None) -> None:
    """Print a grade.

    Args:
        place: What was graded.
        result: What was found.
        completes_core: Whether the exercise's core is complete with it, for the first time.
        following: What to do next, where that is not what follows from the grade of an exercise.
    """
    from groundwork.course import count_levels
    from groundwork.testing import Outcome

    passed, skipped = result.having(Outcome.PASSED), result.having(Outcome.SKIPPED)
    typer.echo(f"{result.contract}  {len(passed)} of {len(result.verdicts) - len(skipped)} checks pass")
    outcomes = {verdict.check.id: str(verdict.outcome) for verdict in result.verdicts}
    show_levels(count_levels([verdict.check for verdict in result.verdicts], outcomes), place.exercise)
    if result.error is not None:
        typer.echo(f"  x {printable(result.error)}")
    failed = result.having(Outcome.FAILED)
    width = max((len(verdict.check.id) for verdict in failed), default=0)
    for verdict in failed:
        typer.echo(f"  x {verdict.check.id:<{width}}  {printable(verdict.message)}")
    for line in _waiting(result.verdicts, result.error is not None):
        typer.echo(f"  . {printable(line)}")
    for verdict in skipped:
        typer.echo(f"  - {verdict.check.id}  {printable(verdict.message)}")
    _show_output(result.output)
    if completes_core and not (result.passed and _is_whole(place, result)):
        show_core_done(place.exercise)
        after = _next_core(place.exercise)
        if after is not None:
            rest = f", or {_after(place, result)} for the rest" if place.exercise.beyond_checks else ""
            typer.echo(f"Next: {next_step(after)}{rest}")
            return
    typer.echo(f"Next: {following or _after(place, result)}")


def show_levels(levels: Sequence["LevelCount"], exercise: "Exercise") -> None:
    """Print a line for each level, with a word at those of the core where there is more than that.

    Args:
        levels: How the checks ended.
        exercise: Whose checks they are.
    """
    for row in levels:
        core = "  core" if exercise.beyond_checks and row.level in exercise.core else ""
        typer.echo(f"  {row.level:<8}  {bar(row.passed, row.total)}  {row.passed:>3} of {row.total:>3}{core}")


def show_core_done(exercise: "Exercise") -> None:
    """Say what it means that the core of an exercise is done, and how much there is beyond it.

    Args:
        exercise: The exercise.
    """
    typer.echo(f"  The core of {exercise.number} is done: you have built the part, and it does what it is for.")
    if count := exercise.beyond_checks:
        time = f", {hours(exercise.beyond)}" if exercise.beyond else ""
        typer.echo(f"  The rest ({count} checks{time}) asks what breaks it; take it topic by topic, on other days.")


def hours(minutes: int) -> str:
    """Say how long something takes.

    Args:
        minutes: In minutes.

    Returns:
        As ``40 min``, ``2 h``, ``2.5 h``.
    """
    return f"{minutes} min" if minutes < 60 else f"{round(minutes / 30) / 2:g} h"


def find_following(found: Sequence["Standing"], here: "Standing | None" = None) -> "Standing | None":
    """Choose what to go on with: the core here, the cores after it and before it, what lies beyond them, the capstone.

    Args:
        found: All exercises, in the order of the course.
        here: The one that was last worked on, if any.

    Returns:
        One of them; None if all are done.
    """
    if here is not None and not here.core_done and not here.done:
        return here
    place = found.index(here) if here is not None else 0
    turn = [each for each in (*found[place:], *found[:place]) if not each.done]
    seven = [each for each in turn if each.exercise.number != CAPSTONE]
    without_core = [each for each in seven if not each.core_done]
    return next(iter([*without_core, *seven, *turn]), None)


def bar(passed: int, total: int) -> str:
    """Draw how much is done.

    Args:
        passed: How many.
        total: Of how many.

    Returns:
        As ``#####...............``; full only when all is done, empty only when nothing is.
    """
    full = passed * _BAR // total if total else _BAR
    full = max(full, 1) if passed else full
    return "#" * full + "." * (_BAR - full)


def next_step(standing: "Standing") -> str:
    """Say what to do next in an exercise.

    Args:
        standing: How far the learner is.

    Returns:
        A command, or a sentence with one.
    """
    from groundwork.course import pasted

    number = standing.exercise.number
    if number == CAPSTONE:
        return "groundwork learn capstone"
    if not standing.begun:
        return f"groundwork learn start {number}"
    check = f"groundwork learn check {number}"
    if standing.progress.checked is None:
        return f"read {pasted(shown(standing.folder / 'README.md'))}, then {check}"
    if standing.changed or standing.progress.error or not standing.failed:
        return check
    return f"groundwork learn hint {number}"


def _after(place: Place, result: "Grade") -> str:
    from groundwork.course import pasted

    if result.error is not None:
        return f"mend that, then {place.command('check')}"
    if not result.passed:
        return place.command("hint")
    if not _is_whole(place, result):
        return place.command("check")
    return f"compare your answers with {pasted(place.exercise.path / 'ANSWERS.md')}, and {place.command('solution')}"


def _is_whole(place: Place, result: "Grade") -> bool:
    return len(result.verdicts) == len(place.exercise.contract)


def _next_core(exercise: "Exercise") -> "Standing | None":
    """The next exercise whose core is still to be done; this one's is."""
    found = all_standings()
    place = next(nth for nth, each in enumerate(found) if each.exercise.number == exercise.number)
    turn = [each for each in (*found[place + 1 :], *found[:place]) if each.exercise.number != CAPSTONE]
    return next((each for each in turn if not each.core_done and not each.done), None)


def _waiting(verdicts: Sequence["Verdict"], imports: bool) -> Iterator[str]:
    from groundwork.testing import Outcome

    known = {verdict.check.id: verdict for verdict in verdicts}
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.outcome == Outcome.WAITING:
            wanted = verdict.message.removeprefix("waits for ") if imports else ", ".join(_roots(verdict, known))
            groups.setdefault(wanted, []).append(verdict.check.id)
    for wanted, names in groups.items():
        verb = "waits" if len(names) == 1 else "wait"
        yield f"{', '.join(names) if len(names) <= _NAMED else f'{len(names)} checks'} {verb} for {wanted}"


def _roots(verdict: "Verdict", known: Mapping[str, "Verdict"]) -> list[str]:
    """Those that failed, whatever waits in between."""
    from groundwork.testing import Outcome

    found: dict[str, None] = {}
    for name in verdict.check.after:
        earlier = known.get(name)
        if earlier is not None and earlier.outcome == Outcome.FAILED:
            found[name] = None
        elif earlier is not None and earlier.outcome == Outcome.WAITING:
            found |= dict.fromkeys(_roots(earlier, known))
    return list(found)


def _show_output(output: str) -> None:
    lines = output.splitlines()
    if lines:
        more = f", the last {_SHOWN_LINES} lines of {len(lines)}" if len(lines) > _SHOWN_LINES else ""
        typer.echo(f"  your code printed{more}:")
        for line in lines[-_SHOWN_LINES:]:
            typer.echo(f"    {printable(line.expandtabs()[:200])}")
