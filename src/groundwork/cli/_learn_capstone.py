"""``groundwork learn capstone``: the learner's seven modules in one night on flights, the final check of the course.

Rule: exit 0 when every stage passes with seven modules of the learner's own, or with those of groundwork's that were
asked for; 1 when one does not. Only a run without groundwork's own modules is written down.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.cli._learn_count import counting
from groundwork.cli._learn_place import CAPSTONE, Place, shown
from groundwork.cli._learn_view import show_grade
from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.course import Grade, Module
    from groundwork.testing import Verdict

_NUMBERED = re.compile(r"(\d\d) \S+")


def run_capstone(
    with_library: Annotated[
        list[str] | None,
        typer.Option("--with-library", metavar="NN", help="Take groundwork's own part for this one; may be repeated."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this stage, and those before it; may be repeated.")
    ] = None,
    limit_s: Annotated[float, typer.Option(min=0.5, help="Seconds that one wait for your code may take.")] = 20.0,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run your code in bubblewrap; it must be installed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Run your seven modules together, on real flights: the final check."""
    raise typer.Exit(run(with_library=with_library, only=only, limit_s=limit_s, sandbox=sandbox, as_json=as_json))


def run(
    *, with_library: list[str] | None = None, only: list[str] | None, limit_s: float, sandbox: bool, as_json: bool
) -> int:
    """Run the story, show what was found and write it down.

    Args:
        with_library: Exercises for which groundwork's own part is taken.
        only: Stages, or all.
        limit_s: Seconds that one wait for the learner's processes may take.
        sandbox: Whether bubblewrap is put around them.
        as_json: Print JSON instead of a screen.

    Returns:
        The exit status.
    """
    from groundwork.course import blamed, capstone, capstone_modules, digest_at, record_grade, start

    library = _numbers(with_library or [])
    place = capstone_place()
    chosen = None if only is None else [place.check(stage).id for stage in only]
    modules = capstone_modules(place.folder.parent, library)
    digest = digest_at(place.exercise, place.folder)
    result = _graded(modules, only=chosen, limit_s=limit_s, sandbox=sandbox)
    final = not library and only is None
    if as_json:
        told = result.to_dict()
        for verdict in told["verdicts"]:
            verdict["module"] = blamed(verdict["message"], verdict["id"])
        typer.echo(json.dumps({"exercise": CAPSTONE, "library": library, "final": final} | told, indent=2))
    else:
        show_grade(place, result, following=_following(result, library, final))
    if not library and digest is not None:
        start(capstone(), place.folder)
        record_grade(place.exercise, place.folder, result, digest)
    return 0 if result.passed else 1


def run_stage(place: Place, stage: str) -> "Verdict":
    """Run the story up to a stage, and write down how it ended.

    Args:
        place: The capstone's.
        stage: Id of the stage.

    Returns:
        Its verdict.
    """
    from groundwork.course import capstone_modules, digest_at, record_grade

    digest = digest_at(place.exercise, place.folder)
    result = _graded(capstone_modules(place.folder.parent), only=[stage], limit_s=20.0, sandbox=False)
    record_grade(place.exercise, place.folder, result, digest or "")
    return next(verdict for verdict in result.verdicts if verdict.check.id == stage)


def capstone_place() -> Place:
    """Find the capstone's folder of the learner who is here.

    Returns:
        It and the copy of the story in it, be they there or not.
    """
    from groundwork.course import capstone, course_folder

    exercise = capstone()
    return Place(exercise, shown(course_folder(Path.cwd()) / exercise.folder / exercise.file), "")


def file_blamed(place: Place, message: str) -> Path | None:
    """Find the learner's file that a stage's message is about.

    Args:
        place: Any exercise's.
        message: As in the verdict.

    Returns:
        The file; None unless it is the capstone's and names one.
    """
    from groundwork.course import exercises

    if place.exercise.number != CAPSTONE or not (found := _NUMBERED.match(message)):
        return None
    exercise = next((each for each in exercises() if each.number == found[1]), None)
    return None if exercise is None else place.folder.parent / exercise.folder / exercise.file


def _graded(modules: "list[Module]", *, only: list[str] | None, limit_s: float, sandbox: bool) -> "Grade":
    from groundwork.course import capstone, grade_capstone

    with counting(len(capstone().contract)) as tell:
        on_verdict = None if tell is None else lambda verdict: tell(verdict.check.id)
        return grade_capstone(modules, only=only, limit_s=limit_s, sandbox=sandbox, on_verdict=on_verdict)


def _numbers(names: list[str]) -> list[str]:
    from groundwork.course import find_exercise

    numbers = sorted({find_exercise(name).number for name in names})
    if CAPSTONE in numbers:
        raise UsageError("the capstone is no part of itself; --with-library takes 01 to 07")
    return numbers


def _following(result: "Grade", library: list[str], final: bool) -> str:
    from groundwork.testing import Outcome

    if result.error is not None:
        number = result.error[:2]
        if result.error.endswith("seven modules"):
            return f"groundwork learn start {number}, or groundwork learn capstone --with-library {number}"
        return f"mend that, then groundwork learn check {number}"
    if failed := result.having(Outcome.FAILED):
        verdict = failed[0]
        found = _NUMBERED.match(verdict.message)
        also = f", or groundwork learn check {found[1]}" if found else ""
        return f"groundwork learn why {CAPSTONE} {verdict.check.id}{also}"
    if library:
        return f"write {', '.join(library)} yourself: this was not the final check; then groundwork learn capstone"
    if not final:
        return "groundwork learn capstone"
    return "groundwork learn progress --html progress.html; all seven work together"
