"""Many learners' folders, for whoever leads them.

Rule: only what lies in the folders is read; nothing is run, nothing is written.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from groundwork.course._catalog import capstone, exercises
from groundwork.course._paths import is_folder, reading
from groundwork.course._standing import Standing, standing, standings
from groundwork.errors import StorageError, UsageError
from groundwork.testing import Level

_COURSE = "learn"


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner.

    Attributes:
        name: Name of the folder above ``learn``.
        course: The folder that holds the exercises' folders.
        standings: How far the learner is, one for each exercise.
        capstone: How far in the capstone, which no count of exercises counts.
    """

    name: str
    course: Path
    standings: tuple[Standing, ...]
    capstone: Standing

    @property
    def columns(self) -> tuple[Standing, ...]:
        """What a table shows: the exercises, then the capstone."""
        return (*self.standings, self.capstone)

    @property
    def done(self) -> int:
        """How many exercises are done."""
        return sum(standing.done for standing in self.standings)

    @property
    def cores_done(self) -> int:
        """Of how many exercises at least the core is done."""
        return sum(standing.done or standing.core_done for standing in self.standings)

    @property
    def passed(self) -> int:
        """How many checks pass, of all exercises."""
        return sum(standing.passed for standing in self.standings)

    @property
    def last_checked(self) -> str:
        """When anything of it was last graded; empty if never."""
        return max((standing.progress.checked or "" for standing in self.columns), default="")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            learner, folder, done, cores_done, passed, and each exercise's standing, the capstone's last.
        """
        return {
            "learner": self.name,
            "folder": str(self.course),
            "done": self.done,
            "cores_done": self.cores_done,
            "passed": self.passed,
            "exercises": [standing.to_dict() for standing in self.columns],
        }


def learners(folders: Sequence[Path], *, on_unreadable: Callable[[StorageError], None] | None = None) -> list[Learner]:
    """Find the learners below some folders.

    Args:
        folders: Each a learner's (it holds ``learn``, or nothing yet), a ``learn`` itself, or one that holds
            learners' folders; of that every folder is a learner's, begun or not, unless its name begins with a dot.
        on_unreadable: Called for each learner who may not be read, and who is then left out; without it the first one
            is an error.

    Returns:
        The learners, in the order of the folders, each once.

    Raises:
        UsageError: There is no such folder, or it is no learner's.
        StorageError: A folder or a record may not be read, and nobody asked to be called.
    """
    tell = on_unreadable or _raise
    found: dict[Path, Learner] = {}
    for folder in folders:
        for course in _courses(folder, tell):
            here = course.resolve()
            try:
                found.setdefault(here, _learner(_name(here), course))
            except StorageError as error:
                tell(error)
    names = Counter(learner.name for learner in found.values())
    return [
        learner if names[learner.name] == 1 else replace(learner, name=str(learner.course))
        for learner in found.values()
    ]


def report_rows(found: Sequence[Learner]) -> list[dict[str, str | int]]:
    """Make a table: a row for each learner and exercise, and one for the learner's capstone.

    Args:
        found: The learners.

    Returns:
        learner, exercise, title, state, passed and total: of all, of the core, of each level; hints, and the times.
    """
    rows = []
    for learner in found:
        for each in learner.columns:
            told = each.to_dict()
            levels, core, _ = told.pop("levels"), told.pop("core"), told.pop("failed")
            row = {"learner": learner.name, **told}
            row |= {f"core_{name}": core[name] for name in ("passed", "total", "finished")}
            for level in Level:
                counts = levels.get(str(level), {"passed": 0, "total": 0})
                row |= {f"{level}_passed": counts["passed"], f"{level}_total": counts["total"]}
            rows.append({name: "" if value is None else value for name, value in row.items()})
    return rows


def report_csv(found: Sequence[Learner]) -> str:
    """Write the table as CSV.

    Args:
        found: The learners.

    Returns:
        A head and the table's rows. No cell begins like a formula.
    """
    rows = report_rows(found)
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["learner"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return file.getvalue()


def hardest_checks(found: Sequence[Learner], most: int = 10) -> list[tuple[str, str, int]]:
    """List the checks that most learners fail now.

    Args:
        found: The learners.
        most: How many to list.

    Returns:
        Exercise, check and number of learners, most first.
    """
    counts = Counter(
        (standing.exercise.number, check)
        for learner in found
        for standing in learner.columns
        for check in standing.failed
    )
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [(number, check, count) for (number, check), count in ranked[:most]]


def _learner(name: str, course: Path) -> Learner:
    final = capstone()
    return Learner(name, course, tuple(standings(course)), standing(final, course / final.folder))


def _raise(error: StorageError) -> None:
    raise error


def _courses(folder: Path, tell: Callable[[StorageError], None]) -> list[Path]:
    try:
        if not is_folder(folder):
            raise UsageError(f"{folder} is not a folder; name the folders of learners")
        if (begun := _begun(folder)) is not None:
            return [begun]
        with reading(folder):
            inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        course = folder if folder.resolve().name == _COURSE else folder / _COURSE
        lone = is_folder(course) or not inside
    except StorageError as error:
        tell(error)
        return []
    team, refused, begun_by_any = _team(inside)
    if lone and not begun_by_any:
        return [course]
    if not begun_by_any and not refused:
        raise UsageError(f"{folder} holds no work on the course; it should hold learn/, or folders that do")
    for refusal in refused:
        tell(refusal)
    return team if begun_by_any else []


def _team(inside: Sequence[Path]) -> tuple[list[Path], list[StorageError], bool]:
    """Where the course of each is, or would be: whoever has not begun is seen, too, if anybody has."""
    team, refused, begun_by_any = [], [], False
    for each in inside:
        try:
            if is_folder(each):
                begun = _begun(each)
                team.append(begun or each / _COURSE)
                begun_by_any |= begun is not None or is_folder(each / _COURSE)
        except StorageError as error:
            refused.append(error)
    return team, refused, begun_by_any


def _begun(folder: Path) -> Path | None:
    names = [exercise.folder for exercise in (*exercises(), capstone())]
    candidates = (folder, folder / _COURSE)
    return next((each for each in candidates if any(is_folder(each / name) for name in names)), None)


def _name(course: Path) -> str:
    return course.parent.name if course.name == _COURSE else course.name


def _harmless(value: str | int) -> str | int:
    # A spreadsheet would run it.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
