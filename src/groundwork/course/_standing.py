"""How far a learner is in an exercise: the record, held against the checks that there are today.

Rule: the contract decides what counts; a check that the record does not know has not been run, and one that the
contract no longer has is not shown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.course._capstone_modules import digest_at
from groundwork.course._catalog import Exercise, exercises
from groundwork.course._paths import is_file
from groundwork.course._progress import Progress, pass_together, read_progress
from groundwork.testing import Check, Level, Outcome

NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How the checks of one level ended.

    Attributes:
        level: The level.
        passed: How many passed.
        failed: How many failed.
        left: How many wait, or were not run.
        total: All of them but those that cannot run here.
    """

    level: Level
    passed: int
    failed: int
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a learner is in one exercise.

    Attributes:
        exercise: The exercise.
        folder: The learner's folder.
        progress: The record.
        outcomes: Id of each check of the contract to how it ended, or ``NOT_RUN``; empty if the exercise is not begun.
        changed: Whether the file has been changed since it was last checked.
    """

    exercise: Exercise
    folder: Path
    progress: Progress
    outcomes: Mapping[str, str]
    changed: bool

    @property
    def begun(self) -> bool:
        """Whether there is anything of the learner."""
        return bool(self.outcomes)

    @property
    def passed(self) -> int:
        """How many checks pass."""
        return sum(outcome == Outcome.PASSED for outcome in self.outcomes.values())

    @property
    def total(self) -> int:
        """How many checks there are that can run here."""
        return sum(outcome != Outcome.SKIPPED for outcome in self.outcomes.values())

    @property
    def done(self) -> bool:
        """Whether every check passes, all of them on one version of the file."""
        return self.begun and self.passed == self.total and not self.outdated

    @property
    def core_done(self) -> bool:
        """Whether every check of the core passes, all of them on one version of the file."""
        return self.begun and pass_together(self.exercise.core_checks, self.progress.checks)

    @property
    def outdated(self) -> int:
        """How many checks were last run on an earlier version of the file than others."""
        known = (self.progress.checks.get(check) for check in self.outcomes)
        return sum(state is not None and state.digest != (self.progress.digest or "") for state in known)

    @property
    def failed(self) -> list[str]:
        """Ids of the checks that failed, in the contract's order."""
        return [check for check, outcome in self.outcomes.items() if outcome == Outcome.FAILED]

    def describe(self) -> str:
        """Say it in some words.

        Returns:
            As ``not begun``, ``begun``, ``12 of 62 checks pass``, ``core done, 40 of 62 checks pass``, ``done``.
        """
        if not self.begun:
            return "not begun"
        if self.done:
            return "done"
        known = [outcome for outcome in self.outcomes.values() if outcome != NOT_RUN]
        if not known:
            return "begun, not yet checked"
        fresh, older = len(self.outcomes) - len(known), self.outdated
        return (
            ("core done, " if self.core_done else "")
            + f"{self.passed} of {self.total} checks pass"
            + (f", {fresh} not yet run" if fresh else "")
            + (f", {older} of an earlier version of your file" if older else "")
        )

    def levels(self) -> list[LevelCount]:
        """Count by level.

        Returns:
            The levels that the contract has, easiest first.
        """
        return count_levels(self.exercise.contract, self.outcomes) if self.begun else []

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            exercise, title, state, passed, total, levels, core, failed, hints, started, checked, finished.
        """
        known = self.progress.checks
        core = [self.outcomes.get(check.id, NOT_RUN) for check in self.exercise.core_checks]
        return {
            "exercise": self.exercise.number,
            "title": self.exercise.title,
            "state": self.describe(),
            "passed": self.passed,
            "total": self.total,
            "levels": {str(row.level): {"passed": row.passed, "total": row.total} for row in self.levels()},
            "core": {
                "levels": list(map(str, self.exercise.core)),
                "done": self.core_done,
                "passed": core.count(Outcome.PASSED),
                "total": len(core) - core.count(Outcome.SKIPPED),
                "finished": self.progress.core,
            },
            "failed": [
                {"check": check, "message": known[check].message, "input": known[check].given} for check in self.failed
            ],
            "hints": sum(self.progress.hints.values()),
            "started": self.progress.started,
            "checked": self.progress.checked,
            "finished": self.progress.finished,
        }


def standing(exercise: Exercise, folder: Path) -> Standing:
    """Hold the record of a folder against the exercise's contract.

    Args:
        exercise: The exercise.
        folder: The learner's folder; it need not be there.

    Returns:
        How far the learner is.

    Raises:
        StorageError: The folder or the record may not be read.
    """
    progress = read_progress(folder)
    source = folder / exercise.file
    begun = bool(progress.exercise) or is_file(source)
    outcomes = {}
    if begun:
        known = progress.checks
        outcomes = {check.id: known[check.id].outcome if check.id in known else NOT_RUN for check in exercise.contract}
    changed = progress.digest is not None and progress.digest != digest_at(exercise, folder)
    return Standing(exercise, folder, progress, outcomes, changed)


def standings(course: Path) -> list[Standing]:
    """Look at every exercise in a learner's folder.

    Args:
        course: The folder that holds the exercises' folders.

    Returns:
        One for each exercise, in the order of the course.
    """
    return [standing(exercise, course / exercise.folder) for exercise in exercises()]


def count_levels(checks: Iterable[Check], outcomes: Mapping[str, str]) -> list[LevelCount]:
    """Count how checks ended, by level.

    Args:
        checks: The checks.
        outcomes: Id to outcome; a check without one has not been run.

    Returns:
        The levels that the checks have, easiest first.
    """
    counts: dict[Level, Counter[str]] = {}
    for check in checks:
        counts.setdefault(check.level, Counter())[outcomes.get(check.id, NOT_RUN)] += 1
    return [
        LevelCount(
            level,
            counts[level][Outcome.PASSED],
            counts[level][Outcome.FAILED],
            counts[level][Outcome.WAITING] + counts[level][NOT_RUN],
            counts[level].total() - counts[level][Outcome.SKIPPED],
        )
        for level in Level
        if level in counts
    ]
