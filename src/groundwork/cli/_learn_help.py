"""``groundwork learn hint`` and ``why``: what to look at next, and what a check has found."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.cli import _learn_capstone
from groundwork.cli._learn_check import check_again
from groundwork.cli._learn_place import File, Place, find_place, find_written, split_words
from groundwork.environment import printable
from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.testing import Check

_Words = Annotated[
    list[str] | None, typer.Argument(metavar="[EXERCISE] [CHECK]", help="Number, and id of a check; both optional.")
]


def show_hint(words: _Words = None, file: File = None) -> None:
    """Give one more hint each time: for a check, or for the first that failed."""
    from groundwork.course import is_file, record_hint, standing

    name, check = split_words(words or [])
    place = find_place(name, None) if file is None else find_written(name, file)
    found = place.check(check) if check else None
    if found is None:
        known = standing(place.exercise, place.folder)
        if known.done:
            typer.echo(f"Every check of {place.exercise.number} passes.\nNext: {place.command('solution')}")
            return
        found = place.exercise.contract[(known.failed or _not_passed(known.outcomes) or [_first(place)])[0]]
    hints = place.exercise.hints_of(found.id)
    begun = is_file(place.file)
    count = record_hint(place.exercise, place.folder, found.id) if begun else 1
    typer.echo(f"{found.id}  {found.rule}")
    typer.echo(f"  why   {found.why}")
    for hint in hints[:count]:
        typer.echo(f"  hint  {hint}")
    left = len(hints) - count
    typer.echo("  no hint is left" if not left else f"  {left} hint{'s are' if left > 1 else ' is'} left")
    if not begun:  # where it could be written down how many were shown
        typer.echo(f"Next: groundwork learn start {place.exercise.number}")
        return
    further = place.command("hint", found.id) if left else place.command("why", found.id)
    typer.echo(f"Next: {place.command('check')}, or {further}")


def explain(
    words: Annotated[list[str], typer.Argument(metavar="[EXERCISE] CHECK", help="Id of the check.")],
    file: File = None,
    code: Annotated[bool, typer.Option("--code", help="Print what the check does, too.")] = False,
) -> None:
    """Explain a check: its rule, its reason, with which input it failed, what was found and what was expected."""
    from groundwork.course import source_of_check, standing
    from groundwork.testing import Outcome

    name, wanted = split_words(words)
    if wanted is None:
        raise UsageError("no check was named; give its id", hint="groundwork learn progress EXERCISE lists them")
    place = find_written(name, file)
    check = place.check(wanted)
    known = standing(place.exercise, place.folder)
    state = known.progress.checks.get(check.id)
    if state is None or known.changed:
        verdict = check_again(place, check.id)
        outcome, message, given = str(verdict.outcome), verdict.message, verdict.given
    else:
        outcome, message, given = state.outcome, state.message, state.given
    typer.echo(f"{check.id}  {printable(outcome)}")
    typer.echo(f"  rule      {check.rule}")
    typer.echo(f"  reason    {check.why}")
    if outcome == Outcome.FAILED:
        _show_reason(place, check, message, given)
    elif message:
        typer.echo(f"  state     {printable(message)}")
    if code:
        typer.echo("  the check:")
        for line in (source_of_check(check) or "its text is not installed").splitlines():
            typer.echo(f"    {line}")
    typer.echo(f"Next: {_after(place, check, outcome, message)}")


def _show_reason(place: Place, check: "Check", message: str, given: str) -> None:
    from groundwork.course import reason_of

    if module := _learn_capstone.file_blamed(place, message):
        place = replace(place, file=module)
    reason = reason_of(message, place.file)
    if scene := " ".join((check.run.__doc__ or "").split()):
        typer.echo(f"  tried     {scene}")
    if given:
        typer.echo(f"  input     {printable(given)}")
    typer.echo(f"  found     {printable(reason.found.removeprefix('found '))}")
    if reason.expected:
        typer.echo(f"  expected  {printable(reason.expected)}")
    if reason.line:
        typer.echo(f"  where     {place.file}:{reason.line}  {printable(reason.text)}")


def _after(place: Place, check: "Check", outcome: str, message: str) -> str:
    from groundwork.testing import Outcome

    if outcome == Outcome.FAILED:
        return place.command("hint", check.id)
    if outcome == Outcome.WAITING and check.after:
        waited = message.removeprefix("waits for ").split(", ")[0]
        return place.command("why", waited) if waited in check.after else place.command("check")
    return place.command("check")


def _not_passed(outcomes: "dict[str, str] | object") -> list[str]:
    from groundwork.testing import Outcome

    assert isinstance(outcomes, dict)
    return [check for check, outcome in outcomes.items() if outcome not in (Outcome.PASSED, Outcome.SKIPPED)]


def _first(place: Place) -> str:
    return str(place.exercise.contract[0].id)
