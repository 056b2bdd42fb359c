"""Many learners' folders, for whoever leads them.

Rule: only what lies in the folders is read; nothing is run, nothing is written.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from groundwork.course._catalog import capstone, exercises
from groundwork.course._standing import Standing, standing, standings
from groundwork.errors import UsageError
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


def learners(folders: Sequence[Path]) -> list[Learner]:
    """Find the learners below some folders.

    Args:
        folders: Each a learner's (it holds ``learn``, or nothing yet), a ``learn`` itself, or one that holds
            learners' folders; of that every folder is a learner's, begun or not, unless its name begins with a dot.

    Returns:
        The learners, in the order of the folders, each once.

    Raises:
        UsageError: There is no such folder, it cannot be read, or it is no learner's.
    """
    found: dict[Path, Learner] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder; name the folders of learners")
        try:
            courses = _courses(folder)
        except OSError as error:
            raise UsageError(f"{error.filename or folder} cannot be read: {error.strerror or error}") from error
        if not courses:
            raise UsageError(f"{folder} holds no work on the course; it should hold learn/, or folders that do")
        for course in courses:
            here = course.resolve()
            found.setdefault(here, _learner(_name(here), course))
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


def _courses(folder: Path) -> list[Path]:
    if (begun := _begun(folder)) is not None:
        return [begun]
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    inner = [path for path in inside if path.is_dir()]
    if any(_begun(each) is not None or (each / _COURSE).is_dir() for each in inner):
        return [_begun(each) or each / _COURSE for each in inner]  # whoever has not begun is seen, too
    course = folder if folder.resolve().name == _COURSE else folder / _COURSE
    return [course] if course.is_dir() or not inside else []


def _begun(folder: Path) -> Path | None:
    names = [exercise.folder for exercise in (*exercises(), capstone())]
    candidates = (folder, folder / _COURSE)
    return next((each for each in candidates if any((each / name).is_dir() for name in names)), None)


def _name(course: Path) -> str:
    return course.parent.name if course.name == _COURSE else course.name


def _harmless(value: str | int) -> str | int:
    # A spreadsheet would run it.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
