"""The learner's own folder of an exercise, and what is known about its progress.

Rule: what the learner wrote is never overwritten, removed or changed.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from groundwork.course._catalog import Exercise, exercises
from groundwork.errors import StorageError, UsageError

PROGRESS = "progress.json"
_DOCUMENTS = ("README.md", "IMPLEMENTATION_GUIDE.md")


def start(exercise: Exercise, into: Path) -> list[Path]:
    """Copy an exercise's starter and instructions into a folder; files that are there already stay as they are.

    Args:
        exercise: The exercise.
        into: The folder; made where it is missing.

    Returns:
        The files that were written; empty if all were there.

    Raises:
        UsageError: The folder cannot be made because a file has its name, or it holds another exercise.
        StorageError: The system refused; what is written is whole.
    """
    from groundwork.storage import atomic_write  # late: it loads polars, and a verdict must not wait for that

    try:
        into.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{into} cannot be a folder: a file is in its way; choose another with --into") from error
    except OSError as error:
        raise StorageError(
            f"{into} cannot be made: {error.strerror}", hint="choose another folder with --into"
        ) from error
    _refuse_another(exercise, into)
    sources = [exercise.path / name for name in _DOCUMENTS]
    sources += sorted(path for path in (exercise.path / "starter").iterdir() if path.is_file())
    written = []
    for source in sources:
        target = into / source.name
        content = source.read_bytes()
        try:
            with atomic_write(target, "xb") as file:
                file.write(content)
        except UsageError as error:
            if error.code != "file_exists":
                raise
            continue
        written.append(target)
    return written


def _refuse_another(exercise: Exercise, into: Path) -> None:
    """Two exercises in one folder would share README.md and measure.py, of which the second got neither."""
    readme = into / _DOCUMENTS[0]
    there = readme.read_bytes() if readme.is_file() else b""
    for other in exercises():
        if other.number != exercise.number and there == (other.path / _DOCUMENTS[0]).read_bytes():
            raise UsageError(
                f"{into} holds exercise {other.number} already",
                hint=f"each has a folder of its own, as --into {into / exercise.folder}",
            )


def find_folder(exercise: Exercise, folder: Path) -> Path:
    """Find the learner's folder of an exercise.

    Args:
        exercise: The exercise.
        folder: Where the learner is: above ``learn/``, or in the exercise's own folder.

    Returns:
        The folder, ``learn/<exercise>`` if the exercise is not begun.
    """
    usual = folder / "learn" / exercise.folder
    inside = folder.resolve().name == exercise.folder and not (usual / exercise.file).is_file()
    return folder if inside else usual


def find_solution(exercise: Exercise, folder: Path) -> Path:
    """Find the file that the learner writes.

    Args:
        exercise: The exercise.
        folder: Where the learner is: above ``learn/``, or in the exercise's own folder.

    Returns:
        The file.

    Raises:
        UsageError: It is not there.
    """
    path = find_folder(exercise, folder) / exercise.file
    if path.is_file():
        return path
    raise UsageError(f"{path} is not there; begin the exercise first", hint=f"groundwork learn start {exercise.number}")


def save_progress(exercise: Exercise, folder: Path, outcomes: Mapping[str, str]) -> None:
    """Write down how the checks ended, beside the learner's file.

    Args:
        exercise: The exercise.
        folder: The learner's folder.
        outcomes: Check id to outcome.
    """
    from groundwork.storage import atomic_write

    record = {
        "version": 1,
        "exercise": exercise.number,
        "checked": datetime.now(UTC).isoformat(timespec="seconds"),
        "checks": dict(outcomes),
    }
    with atomic_write(folder / PROGRESS, "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record, indent=2) + "\n")


def load_progress(folder: Path) -> dict[str, str]:
    """Read how the checks ended last time.

    Args:
        folder: The learner's folder.

    Returns:
        Check id to outcome; empty if nothing is known. A file that cannot be read counts as nothing known.
    """
    try:
        record: Any = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        return {str(check): str(outcome) for check, outcome in record["checks"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
