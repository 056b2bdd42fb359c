"""Many learners' folders, for whoever leads them.

Rule: only what lies in the folders is read; nothing is run, nothing is written.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.course._catalog import exercises
from groundwork.course._standing import Standing, standings
from groundwork.errors import UsageError
from groundwork.testing import Level


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner.

    Attributes:
        name: Name of the folder above ``learn``.
        course: The folder that holds the exercises' folders.
        standings: How far the learner is, one for each exercise.
    """

    name: str
    course: Path
    standings: tuple[Standing, ...]

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
        return max((standing.progress.checked or "" for standing in self.standings), default="")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            learner, folder, done, cores_done, passed, and each exercise's standing.
        """
        return {
            "learner": self.name,
            "folder": str(self.course),
            "done": self.done,
            "cores_done": self.cores_done,
            "passed": self.passed,
            "exercises": [standing.to_dict() for standing in self.standings],
        }


def learners(folders: Sequence[Path]) -> list[Learner]:
    """Find the learners below some folders.

    Args:
        folders: Each a learner's (it holds ``learn``), a ``learn`` itself, or one that holds learners' folders.

    Returns:
        The learners, in the order of the folders, each once.

    Raises:
        UsageError: There is no such folder, or nobody's work is in it.
    """
    found: dict[Path, Learner] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder; name the folders of learners")
        courses = list(_courses(folder))
        if not courses:
            raise UsageError(f"{folder} holds no work on the course; it should hold learn/, or folders that do")
        for course in courses:
            here = course.resolve()
            found.setdefault(here, Learner(_name(here), course, tuple(standings(course))))
    names = Counter(learner.name for learner in found.values())
    return [
        learner if names[learner.name] == 1 else Learner(str(learner.course), learner.course, learner.standings)
        for learner in found.values()
    ]


def report_rows(found: Sequence[Learner]) -> list[dict[str, str | int]]:
    """Make a table: a row for each learner and exercise.

    Args:
        found: The learners.

    Returns:
        learner, exercise, title, state, passed and total: of all, of the core, of each level; hints, and the times.
    """
    rows = []
    for learner in found:
        for standing in learner.standings:
            told = standing.to_dict()
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
        A head and a row for each learner and exercise. No cell begins like a formula.
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
        for standing in learner.standings
        for check in standing.failed
    )
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [(number, check, count) for (number, check), count in ranked[:most]]


def _courses(folder: Path) -> Iterator[Path]:
    for candidate in (folder, folder / "learn"):
        if _is_course(candidate):
            yield candidate
            return
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        for candidate in (inner, inner / "learn"):
            if _is_course(candidate):
                yield candidate
                break


def _is_course(folder: Path) -> bool:
    return any((folder / exercise.folder).is_dir() for exercise in exercises())


def _name(course: Path) -> str:
    return course.parent.name if course.name == "learn" else course.name


def _harmless(value: str | int) -> str | int:
    # A spreadsheet would run it.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
