"""Which exercise, which file and which check a learner means.

Rule: what is not named is the exercise of the current folder, or else the one last worked on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.course import Exercise, Standing
    from groundwork.testing import Check

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[EXERCISE]", help="Number or folder, as 04; that of this folder, or the last, if not given."
    ),
]
File = Annotated[Path | None, typer.Option(help="Your file; learn/<exercise>/... unless given.")]


CAPSTONE = "capstone"
# It has no file of the learner's to grade, and no solution but those of the seven.
_INSTEAD = {"check": CAPSTONE, "solution": "progress"}


@dataclass(frozen=True, slots=True)
class Place:
    """An exercise and the learner's file.

    Attributes:
        exercise: The exercise.
        file: The learner's file; it need not be there.
        suffix: What the next command needs to mean the same file.
    """

    exercise: "Exercise"
    file: Path
    suffix: str

    @property
    def folder(self) -> Path:
        """Where the file and the record are."""
        return self.file.parent

    def command(self, name: str, *words: str) -> str:
        """Write a command about this exercise.

        Args:
            name: As ``check``.
            words: Its further arguments.

        Returns:
            A line to type.
        """
        if self.exercise.number == CAPSTONE and name in _INSTEAD:
            return f"groundwork learn {_INSTEAD[name]}"
        return " ".join(["groundwork learn", name, self.exercise.number, *words]) + self.suffix

    def check(self, name: str) -> "Check":
        """Find a check of the exercise.

        Args:
            name: Its id.

        Returns:
            The check.

        Raises:
            UsageError: There is none of that id; the hint names those that are like it, or says how to list all.
        """
        from groundwork.course import is_folder

        try:
            check: Check = self.exercise.contract[name]
        except UsageError as error:
            first = "" if is_folder(self.folder) else f"groundwork learn start {self.exercise.number}, then "
            listing = f"{first}groundwork learn progress {self.exercise.number} lists them"
            raise UsageError(error.message, hint=error.hint or listing) from error
        return check


def find_place(name: str | None, file: Path | None) -> Place:
    """Find what a learner means.

    Args:
        name: What was given for the exercise, if anything.
        file: What was given for the file, if anything.

    Returns:
        The exercise and where the learner's file is, or would be.

    Raises:
        UsageError: There is no such exercise, or none was begun and none was named.
    """
    from groundwork.course import current_exercise, exercise_folder, find_exercise, pasted

    where = Path.cwd()
    exercise = find_exercise(name) if name else current_exercise(file.resolve().parent if file else where)
    if exercise is None:
        raise UsageError("no exercise was named, and none was begun", hint="groundwork learn start 01")
    if file is not None:
        return Place(exercise, file, f" --file {pasted(file)}")
    return Place(exercise, shown(exercise_folder(exercise, where) / exercise.file), "")


def find_written(name: str | None, file: Path | None) -> Place:
    """Find what a learner means, and see that the file is there.

    Args:
        name: What was given for the exercise, if anything.
        file: What was given for the file, if anything.

    Returns:
        The exercise and the file.

    Raises:
        UsageError: See ``find_place``; or there is no such file.
        StorageError: It, or the record beside it, may not be read.
    """
    from groundwork.course import is_file, read_progress, see_readable

    place = find_place(name, file)
    if is_file(place.file):
        # Now, and not when all checks have been run.
        see_readable(place.file)
        read_progress(place.folder)
        return place
    if file is not None:
        raise UsageError(f"{file} is not a file; name the file that you wrote with --file")
    raise UsageError(
        f"{place.file} is not there; begin the exercise first",
        hint=f"groundwork learn start {place.exercise.number}",
    )


def all_standings() -> "list[Standing]":
    """Look at every exercise of the learner who is here.

    Returns:
        One for each exercise, in the order of the course, then the capstone's; that of the current folder, wherever
        that is.

    Raises:
        StorageError: A folder, a record or a file of the learner's may not be read.
    """
    from groundwork.course import capstone, exercise_folder, exercises, is_file, see_readable, standing

    where = Path.cwd()
    found = [standing(exercise, exercise_folder(exercise, where)) for exercise in (*exercises(), capstone())]
    for file in (each.folder / each.exercise.file for each in found if each.begun):
        if is_file(file):
            see_readable(file)
    return found


def current_standing(found: "Sequence[Standing]") -> "Standing | None":
    """Find the exercise that the learner is at.

    Args:
        found: All exercises.

    Returns:
        That of the current folder, or the one last worked on; None if none was begun.
    """
    from groundwork.course import current_exercise

    current = current_exercise(Path.cwd())
    return next((each for each in found if current is not None and each.exercise.number == current.number), None)


def split_words(words: list[str]) -> tuple[str | None, str | None]:
    """Tell an exercise from a check, where both may be left out.

    Args:
        words: At most two: an exercise, a check, or both in this order.

    Returns:
        The exercise and the check; None for what was not given.

    Raises:
        UsageError: There are more.
    """
    if len(words) > 2:
        raise UsageError(f"{' '.join(words)} is more than an exercise and a check; give one of each")
    if len(words) == 2:
        return words[0], words[1]
    if not words:
        return None, None
    return (words[0], None) if words[0][:1].isdigit() or words[0] == CAPSTONE else (None, words[0])


def shown(path: Path) -> Path:
    """Shorten a path for people.

    Args:
        path: The path.

    Returns:
        Relative to the current folder where it is below it.
    """
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
