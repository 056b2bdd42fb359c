"""The folder of runs: one folder a run, and ``latest``.

Rule: a run's folder belongs to the process that holds its lock; everybody else only reads.
``result.json`` is written last, so a run without one has not ended, whatever else lies there.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from groundwork import storage
from groundwork.errors import InvalidDataError, RunNotFoundError, VersionSkew
from groundwork.project._run_folder import appear, is_hidden, lock_of, name_of, reserve, sweep
from groundwork.resilience import PipelineResult, PipelineStatus, result_of
from groundwork.storage import FileJournal, FileLock, told_as_storage_error

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run was started with.

    Attributes:
        id: Its folder's name.
        project: Name in the project's pipeline.yaml.
        project_path: Folder of the project, absolute.
        created: ISO 8601, UTC.
        identity: SHA-256 over everything that decides the result: configuration, data, code, environment.
        format: Version of the folder's layout.
    """

    id: str
    project: str
    project_path: str
    created: str
    identity: str
    format: int = FORMAT


class Run:
    """One run's folder.

    Args:
        folder: The folder; must hold a ``run.json``.
        lock: Its lock, where this process has taken it already.

    Raises:
        RunNotFoundError: There is none.
        VersionSkew: A newer groundwork wrote it.
    """

    def __init__(self, folder: Path, lock: FileLock | None = None) -> None:
        self.folder = folder
        self.info = _read_info(folder)
        self._lock = lock or lock_of(folder)

    @property
    def work(self) -> Path:
        """Folder of intermediate files; the newest good run keeps its own."""
        return self.folder / "work"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoint store."""
        return self.folder / "checkpoints"

    def acquire(self) -> bool:
        """Take the run for this process.

        Returns:
            False if another process has it.
        """
        return self._lock.acquire()

    def release(self) -> None:
        """Give the run back."""
        self._lock.release()

    def journal(self) -> FileJournal:
        """Return the journal: anybody may read, the process that has acquired the run may append."""
        return FileJournal(self.folder / "journal.jsonl")

    def result(self) -> PipelineResult:
        """Return what became of the run, also while it runs or after its process was killed."""
        path = self.folder / "result.json"
        if path.exists():
            return _read_result(path)
        alive = FileLock.held(lock_of(self.folder).path)
        result = result_of(self.journal().records(), alive=alive)
        if result.status in (PipelineStatus.CANCELLED, PipelineStatus.FAILURE):
            return result
        # Even where the steps have ended: whoever was to write the result is at it, or gone.
        return replace(result, status=PipelineStatus.RUNNING if alive else PipelineStatus.CRASHED)

    def reopen(self) -> None:
        """Take back the result of an earlier process, as this one goes on; only after ``acquire``."""
        (self.folder / "result.json").unlink(missing_ok=True)

    def finish(self, result: PipelineResult) -> None:
        """Write ``result.json``; the run has ended.

        Args:
            result: The final result.
        """
        storage.write(self.folder / "result.json", result.to_dict())

    def drop_work(self) -> None:
        """Remove the intermediate files."""
        shutil.rmtree(self.work, ignore_errors=True)


def resumable(result: PipelineResult) -> bool:
    """Whether the same command should go on with this run instead of starting another.

    Args:
        result: What became of the run.

    Returns:
        True for CRASHED, CANCELLED, and FAILURE by an error; False once the steps are done, gates missed or not.
    """
    if result.status is PipelineStatus.FAILURE:
        return not any(error.get("code") == "gate_missed" for error in result.errors)
    return result.status in (PipelineStatus.CRASHED, PipelineStatus.CANCELLED)


class RunStore:
    """The runs below one folder.

    Args:
        root: The folder, ``runs`` beside the place where the command is given; made when the first run starts.

    Raises:
        VersionSkew: A newer groundwork wrote the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        marker = root / "format.json"
        with told_as_storage_error(root, "cannot look into the folder of runs"):
            known = marker.exists()
        if known:
            _check_format(storage.read(marker), root)

    def start(self, project: str, project_path: Path, identity: str) -> Run:
        """Make a new run, owned by this process.

        Args:
            project: The project's name.
            project_path: The project's folder.
            identity: What decides the result.

        Returns:
            The run; its lock is held.

        Raises:
            StorageError: The system refused, as with a full disk or a folder that cannot be written.
        """
        with told_as_storage_error(self.root, "cannot start a run there"):
            return self._start(project, project_path, identity)

    def _start(self, project: str, project_path: Path, identity: str) -> Run:
        self.root.mkdir(parents=True, exist_ok=True)
        storage.write(self.root / "format.json", {"format": FORMAT})
        sweep(self.root)
        created = datetime.now(UTC)
        hidden, lock = reserve(self.root, created)
        try:
            info = RunInfo(name_of(hidden), project, str(project_path), created.isoformat(), identity)
            storage.write(hidden / "run.json", asdict(info))
            return Run(appear(hidden, lock), lock)
        except BaseException:
            lock.release()
            shutil.rmtree(hidden, ignore_errors=True)
            raise

    def unfinished(self, project: str, identity: str) -> Run | None:
        """Take the newest run of this identity, if it has not ended and nobody has it.

        Args:
            project: The project's name.
            identity: What decides the result.

        Returns:
            The run, its lock held by this process; None if there is nothing to go on with.
        """
        for run in self.list(project):
            if run.info.identity != identity or not run.acquire():
                continue
            # Looked at again under the lock, as an owner would: nobody else writes now.
            if resumable(_without_owner(run.result())):
                return run
            run.release()
            return None
        return None

    def list(self, project: str | None = None) -> list[Run]:
        """Return the runs, newest first.

        Args:
            project: Only those of the project with this name.
        """
        if not self.root.is_dir():
            return []
        with told_as_storage_error(self.root, "cannot list the runs"):
            folders = [path for path in self.root.iterdir() if not path.is_symlink() and not is_hidden(path)]
            named = [path for path in folders if (path / "run.json").exists()]
        runs = sorted((Run(path) for path in named), key=lambda run: run.info.created, reverse=True)
        return [run for run in runs if project in (None, run.info.project)]

    def set_latest(self, run: Run) -> None:
        """Let ``latest`` lead to this run; a reader sees the old one or the new one.

        Args:
            run: A run of this store.

        Raises:
            StorageError: Something that is no link stands there, or the system refused.
        """
        link = self.root / f".latest-{secrets.token_hex(4)}"
        try:
            link.symlink_to(run.info.id, target_is_directory=True)
        except (OSError, NotImplementedError):
            # Windows without the right to make links: a file that holds the name.
            storage.write(self.root / "latest.json", {"run": run.info.id})
            return
        with told_as_storage_error(self.root / "latest", "cannot lead to the newest run"):
            try:
                os.replace(link, self.root / "latest")
            except OSError:
                link.unlink(missing_ok=True)
                raise


def find_run(path: str | Path) -> Run:
    """Return the run that a path names.

    Args:
        path: A run's folder, or ``…/latest``.

    Raises:
        RunNotFoundError: There is no run; the hint names what there is.
        VersionSkew: A newer groundwork wrote the run, or the folder of runs that it lies in.
        StorageError: The system refused to look.
    """
    folder = Path(path)
    with told_as_storage_error(folder, "cannot look at the run"):
        if not folder.exists() and (inside := folder.parent / "runs" / folder.name / "run.json").exists():
            raise RunNotFoundError(f"{folder} does not exist", hint=f"did you mean {inside.parent}?")
        if (folder.parent / "format.json").exists():
            RunStore(folder.parent)
        named = folder.parent / "latest.json"
        if folder.name == "latest" and not folder.exists() and named.exists():
            folder = folder.parent / storage.read(named)["run"]
        return Run(folder.resolve())


def _without_owner(result: PipelineResult) -> PipelineResult:
    """Read RUNNING as CRASHED: the lock that says RUNNING is our own."""
    if result.status is not PipelineStatus.RUNNING:
        return result
    return replace(result, status=PipelineStatus.CRASHED)


def _read_result(path: Path) -> PipelineResult:
    try:
        return PipelineResult.from_dict(storage.read(path))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDataError(
            f"{path} is not what groundwork wrote: {type(error).__name__} {error}",
            hint="move that run's folder away, or restore the file from a copy",
            context={"file": str(path)},
        ) from error


def _read_info(folder: Path) -> RunInfo:
    path = folder / "run.json"
    if not path.exists():
        near = sorted(each.parent.name for each in folder.parent.glob("[!.]*/run.json"))
        there = f"; {folder.parent} holds {', '.join(near[-3:])}" if near else ""
        raise RunNotFoundError(
            f"{folder} {'is not a run: it has no run.json' if folder.exists() else 'does not exist'}{there}",
            hint="groundwork run PROJECT makes one; groundwork runs lists them",
        )
    data = storage.read(path)
    _check_format(data, folder)
    try:
        return RunInfo(**data)
    except TypeError as error:
        raise InvalidDataError(f"{path} is not what groundwork wrote: {error}") from error


def _check_format(data: Mapping[str, Any], path: Path) -> None:
    if not isinstance(data.get("format"), int):
        raise InvalidDataError(f"{path} names no format; it was not written by groundwork, or was edited")
    if data["format"] > FORMAT:
        raise VersionSkew(
            f"{path} has format {data['format']}, written by a newer groundwork; this one reads up to format {FORMAT}",
            hint="upgrade groundwork, or keep its runs elsewhere with --runs FOLDER",
        )
