"""What is known of a learner's work on one exercise: ``progress.json`` beside the learner's file.

Rule: a reader finds the record before a change or after it, whole, whenever the writer was killed; what this version
does not know (checks of another version, further fields) is kept as it is, and what may not be read is told and left
alone. Cost: a lock, one small file, two syncs.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundwork.course._catalog import Exercise
from groundwork.course._paths import reading
from groundwork.errors import Locked
from groundwork.testing import Check, Outcome

if TYPE_CHECKING:
    from groundwork.course._grade import Grade

PROGRESS = "progress.json"
VERSION = 2
_LOCK = ".progress.lock"
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class CheckState:
    """How a check ended when it was last run.

    Attributes:
        outcome: One of ``Outcome``'s words.
        message: What broke, or what it waits for.
        checked: When, in UTC; empty if unknown.
        digest: SHA-256 of the file that it was run on; empty if unknown.
        given: With what input it failed; empty if unknown.
    """

    outcome: str
    message: str = ""
    checked: str = ""
    digest: str = ""
    given: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The record of one exercise.

    Attributes:
        exercise: Its number; empty where nothing is known.
        started: When it was begun, in UTC, or None.
        checked: When it was last graded, or None.
        finished: When every check passed for the first time, or None.
        core: When every check of the core passed for the first time, or None.
        digest: SHA-256 of the file that was graded last, or None.
        error: Why that file could not be imported, or None.
        checks: The checks that were ever run, by id.
        hints: How many hints were shown, by check.
    """

    exercise: str = ""
    started: str | None = None
    checked: str | None = None
    finished: str | None = None
    digest: str | None = None
    error: str | None = None
    checks: Mapping[str, CheckState] = field(default_factory=dict)
    hints: Mapping[str, int] = field(default_factory=dict)
    core: str | None = None


def read_progress(folder: Path) -> Progress:
    """Read the record of a folder.

    Args:
        folder: The learner's folder of an exercise.

    Returns:
        The record; an empty one where there is none, or none that makes sense. Reads every earlier version.

    Raises:
        StorageError: There is one that may not be read.
    """
    record = _record(folder / PROGRESS)
    return Progress(
        exercise=_text(record.get("exercise")) or "",
        started=_text(record.get("started")),
        checked=_text(record.get("checked")),
        finished=_text(record.get("finished")),
        digest=_text(record.get("digest")),
        error=_text(record.get("error")),
        checks={check: _state(found) for check, found in _mapping(record.get("checks")).items()},
        hints={check: n for check, n in _mapping(record.get("hints")).items() if isinstance(n, int) and n > 0},
        core=_text(record.get("core")),
    )


def record_start(exercise: Exercise, folder: Path, *, anew: bool = False) -> None:
    """Write down that an exercise was begun.

    Args:
        exercise: The exercise.
        folder: The learner's folder.
        anew: Forget what was known.
    """

    def change(record: dict[str, Any], now: str) -> None:
        if anew:
            record.clear()
        record.setdefault("started", now)

    _change(exercise, folder, change)


def record_hint(exercise: Exercise, folder: Path, check: str) -> int:
    """Write down that one more hint of a check was asked for; never more than there are.

    Args:
        exercise: The exercise.
        folder: The learner's folder; made where it is missing.
        check: Id of the check.

    Returns:
        How many of its hints are to be shown.
    """
    most = len(exercise.hints_of(check))

    def change(record: dict[str, Any], now: str) -> None:
        shown = _mapping(record.get("hints"))
        known = shown.get(check)
        record["hints"] = {**shown, check: min(most, (known if isinstance(known, int) else 0) + 1)}

    return int(_change(exercise, folder, change)["hints"][check])


def record_grade(exercise: Exercise, folder: Path, grade: "Grade", digest: str) -> None:
    """Write down how the checks ended; those that were not run keep what was known of them.

    Args:
        exercise: The exercise.
        folder: The learner's folder.
        grade: What was found.
        digest: Of the file when it was graded, from ``digest_of``.
    """

    def change(record: dict[str, Any], now: str) -> None:
        checks = dict(_mapping(record.get("checks")))
        for verdict in grade.verdicts:
            told = {"outcome": str(verdict.outcome), "message": verdict.message, "checked": now, "digest": digest}
            checks[verdict.check.id] = told | ({"input": verdict.given} if verdict.given else {})
        record |= {"checked": now, "digest": digest, "error": grade.error, "checks": checks}
        states = {check: _state(found) for check, found in checks.items()}
        for name, wanted in (("core", exercise.core_checks), ("finished", exercise.contract)):
            if pass_together(wanted, states):
                record.setdefault(name, now)

    _change(exercise, folder, change)


def completes_core(exercise: Exercise, known: Progress, grade: "Grade", digest: str) -> bool:
    """Tell whether a grade, not yet written down, makes an exercise's core complete for the first time.

    Args:
        exercise: The exercise.
        known: The record before the grade.
        grade: What was found.
        digest: Of the file when it was graded.

    Returns:
        Whether every check of the core passes now, on this version of the file, and never did before.
    """
    found = {verdict.check.id: CheckState(str(verdict.outcome), digest=digest) for verdict in grade.verdicts}
    return known.core is None and pass_together(exercise.core_checks, {**known.checks, **found})


def pass_together(checks: Iterable[Check], states: Mapping[str, CheckState]) -> bool:
    """Tell whether checks pass on one and the same version of the file.

    Args:
        checks: Which; those that cannot run here count as passed.
        states: What is known, by id.

    Returns:
        Whether each of them was run, passed, and saw the same file as the others.
    """
    found = [states.get(check.id) for check in checks]
    fine = all(state is not None and state.outcome in (Outcome.PASSED, Outcome.SKIPPED) for state in found)
    return fine and len({state.digest for state in found if state is not None}) == 1


def digest_of(file: Path) -> str | None:
    """Return the SHA-256 of a file's bytes.

    Args:
        file: The file.

    Returns:
        In hexadecimal; None where it cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def _change(exercise: Exercise, folder: Path, change: Callable[[dict[str, Any], str], None]) -> dict[str, Any]:
    # Late: it loads polars, and a verdict must not wait for that.
    from groundwork.storage import atomic_write

    path = folder / PROGRESS
    with _alone(folder):
        record = _record(path)
        if not record and path.exists():
            # Nothing that could be understood; a later version, or the learner, may.
            path.replace(folder / f"{PROGRESS}.unreadable")
        change(record, datetime.now(UTC).isoformat(timespec="seconds"))
        known = record.get("version")
        version = max(VERSION, known) if isinstance(known, int) else VERSION
        record = {**record, "version": version, "exercise": exercise.number}
        with atomic_write(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(record, indent=2) + "\n")
    return record


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # A watch and a check may run at once, and each holds it for milliseconds.
    from groundwork.storage import FileLock

    lock, end = FileLock(folder / _LOCK), time.monotonic() + _PATIENCE_S
    while not lock.acquire():
        if time.monotonic() > end:
            raise Locked(f"{lock.path}: another process holds this lock", hint="end it, and try again")
        time.sleep(0.01)
    try:
        yield
    finally:
        lock.release()


def _record(path: Path) -> dict[str, Any]:
    with reading(path):
        try:
            return dict(_mapping(json.loads(path.read_text(encoding="utf-8"))))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError, RecursionError):
            return {}


def _state(found: Any) -> CheckState:
    if isinstance(found, str):  # version 1 had the outcome alone
        return CheckState(found)
    told = _mapping(found)
    return CheckState(*(_text(told.get(name)) or "" for name in ("outcome", "message", "checked", "digest", "input")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
