"""The learner's own folder of an exercise: where it is, how it begins, how it begins anew.

Rule: what the learner wrote is never overwritten, removed or changed before a whole copy of it lies in the backup; what
lies elsewhere, at the end of a symbolic link, is never changed at all.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from groundwork.course._catalog import CAPSTONE, Exercise, capstone, exercises
from groundwork.course._paths import is_file, is_folder, pasted
from groundwork.course._progress import PROGRESS, read_progress, record_start
from groundwork.errors import StorageError, UsageError

BACKUPS = "backups"
_DOCUMENTS = ("README.md", "IMPLEMENTATION_GUIDE.md")
_COURSE = "learn"


def start(exercise: Exercise, into: Path) -> list[Path]:
    """Copy an exercise's starter and instructions into a folder; files that are there already stay as they are.

    Args:
        exercise: The exercise.
        into: The folder; made where it is missing.

    Returns:
        The files that were written; empty if all were there.

    Raises:
        UsageError: The folder cannot be made because a file has its name, it holds another exercise, or one of the
            files is a link to what is not there.
        StorageError: The system refused; what is written is whole.
    """
    _make(into)
    _refuse_another(exercise, into)
    _refuse_loose_links(exercise, into)
    written = [target for source in _sources(exercise) if _copied(source, target := into / source.name, "xb")]
    record_start(exercise, into)
    return written


def reset(exercise: Exercise, folder: Path, *, now: datetime) -> Path | None:
    """Begin an exercise anew: first copy everything that is there into a dated backup, then put the starter back.

    A file of the exercise that is a symbolic link lies in the backup with its content, and becomes a file of its own;
    what it led to stays as it is.

    Args:
        exercise: The exercise.
        folder: The learner's folder.
        now: Gives the backup its name.

    Returns:
        The backup's folder; None if nothing differed from the starter.

    Raises:
        UsageError: The exercise has not been begun there.
        StorageError: The system refused; what was there is there still, or in the backup.
    """
    if not is_folder(folder):
        raise UsageError(f"{folder} is not there", hint=f"groundwork learn start {exercise.number}")
    sources = list(_sources(exercise))
    if all(_same(source, folder / source.name) for source in sources) and not read_progress(folder).checks:
        return None
    names = [*(source.name for source in sources), PROGRESS]
    try:
        backup = _backup(folder, names, now)
    except OSError as error:
        raise StorageError(f"{folder} cannot be copied: {_reason(error)}; nothing was changed") from error
    _unlink(path for name in names if (path := folder / name).is_symlink())
    for source in sources:
        _copied(source, folder / source.name, "wb")
    record_start(exercise, folder, anew=True)
    return backup


def course_folder(where: Path) -> Path:
    """Find the folder that holds the learner's exercises.

    Args:
        where: Where the learner is: above it, in it, or in one of the exercises' folders.

    Returns:
        The folder; ``learn`` below ``where`` if there is none yet.
    """
    names = {exercise.folder for exercise in (*exercises(), capstone())}
    here = where.resolve()
    for folder in (here, *here.parents):
        if folder.name in names:
            return folder.parent
    if here.name == _COURSE and any(is_folder(here / name) for name in names):
        return here
    return where / _COURSE


def exercise_folder(exercise: Exercise, where: Path) -> Path:
    """Find where an exercise is done.

    Args:
        exercise: The exercise.
        where: Where the learner is.

    Returns:
        The folder that the learner is in, if it is this exercise's; otherwise the one in the course's folder, be it
        there or not.
    """
    for folder in (where.resolve(), *where.resolve().parents):
        if _holds(folder, exercise):
            return folder
    return course_folder(where) / exercise.folder


def find_solution(exercise: Exercise, where: Path) -> Path:
    """Find the file that the learner writes.

    Args:
        exercise: The exercise.
        where: Where the learner is: above ``learn``, or in the exercise's own folder.

    Returns:
        The file.

    Raises:
        UsageError: It is not there.
    """
    path = exercise_folder(exercise, where) / exercise.file
    if is_file(path):
        return path
    raise UsageError(f"{path} is not there; begin the exercise first", hint=f"groundwork learn start {exercise.number}")


def current_exercise(where: Path) -> Exercise | None:
    """Tell which exercise is meant where none is named.

    Args:
        where: Where the learner is.

    Returns:
        That of the folder, or the one last worked on; None if none was begun.
    """
    here = where.resolve()
    for folder in (here, *here.parents):
        for exercise in (*exercises(), capstone()):
            if folder.name == exercise.folder or _holds(folder, exercise):
                return exercise
    base = course_folder(where)
    begun = [exercise for exercise in exercises() if is_folder(base / exercise.folder)]
    return max(begun, key=lambda exercise: _touched(exercise, base / exercise.folder), default=None)


def _holds(folder: Path, exercise: Exercise) -> bool:
    # Not only the record: that of a file which was graded with --file lies beside it.
    return is_file(folder / exercise.file) and read_progress(folder).exercise == exercise.number


def _touched(exercise: Exercise, folder: Path) -> float:
    times = []
    for path in (folder / exercise.file, folder / PROGRESS):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)


def _sources(exercise: Exercise) -> Iterator[Path]:
    if exercise.number == CAPSTONE:  # nothing is to be written: what runs is to be read
        yield from (exercise.path / name for name in (_DOCUMENTS[0], exercise.file))
        return
    yield from (exercise.path / name for name in _DOCUMENTS)
    yield from sorted(path for path in (exercise.path / "starter").iterdir() if path.is_file())


def _refuse_another(exercise: Exercise, into: Path) -> None:
    """Two exercises in one folder would share README.md and measure.py, of which the second got neither."""
    readme = into / _DOCUMENTS[0]
    number = read_progress(into).exercise
    for other in exercises():
        if other.number != exercise.number and (number == other.number or _same(other.path / readme.name, readme)):
            raise UsageError(
                f"{into} holds exercise {other.number} already",
                hint=f"each has a folder of its own, as --into {pasted(into / exercise.folder)}",
            )


def _refuse_loose_links(exercise: Exercise, into: Path) -> None:
    """Work may be on a disk that is not here now; what is written in its place would be taken for it."""
    for name in (*(source.name for source in _sources(exercise)), PROGRESS):
        target = into / name
        if target.is_symlink() and not target.exists():
            raise UsageError(
                f"{target} is a link to {os.readlink(target)}, which is not there",
                hint="bring that back, or remove the link; then the same command again",
            )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{folder} cannot be a folder: a file is in its way; choose another with --into") from error
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made: {error.strerror}", hint="choose another folder with --into"
        ) from error


def _copied(source: Path, target: Path, mode: str) -> bool:
    from groundwork.storage import atomic_write  # late: it loads polars, and a verdict must not wait for that

    try:
        with atomic_write(target, "xb" if mode == "xb" else "wb") as file:
            file.write(source.read_bytes())
    except UsageError as error:
        if error.code != "file_exists":
            raise
        return False
    return True


def _same(source: Path, target: Path) -> bool:
    try:
        return source.read_bytes() == target.read_bytes()
    except OSError:
        return False


def _unlink(links: Iterable[Path]) -> None:
    for link in links:
        try:
            link.unlink()
        except OSError as error:
            raise StorageError(f"{link} cannot be replaced: {error.strerror or error}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, shutil.Error):  # of several files; the first one will do
        source, _, why = error.args[0][0]
        return f"{source}: {why}"
    return error.strerror or str(error)


def _backup(folder: Path, names: Iterable[str], now: datetime) -> Path:
    name = f"{now:%Y-%m-%d-%H%M%S}"
    for left in (folder / BACKUPS).glob(".*"):  # of a reset that was killed; what it copied is in the folder still
        shutil.rmtree(left, ignore_errors=True)
    unfinished = folder / BACKUPS / f".{name}"
    shutil.copytree(folder, unfinished, ignore=_left_out, symlinks=True)
    for linked in (folder / each for each in names if (folder / each).is_symlink() and (folder / each).is_file()):
        (unfinished / linked.name).unlink()
        shutil.copy2(linked, unfinished / linked.name)
    for number in range(1, 1000):
        target = folder / BACKUPS / (name if number == 1 else f"{name}-{number}")
        try:
            os.rename(unfinished, target)
        except OSError as error:
            # There is a backup of this second already; a folder that is not empty is never replaced.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) and not isinstance(error, FileExistsError):
                raise
            continue
        return target
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _left_out(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in (BACKUPS, "__pycache__", ".progress.lock")]
