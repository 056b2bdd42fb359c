"""What good runs leave for later ones that fail: the table that was loaded, the model that was trained.

Rule: nothing is served but what a step with the same configuration made, and only whole: ``kept.json`` is written last,
and every file is compared with its SHA-256. It lies beside the runs, so that it outlives them. Files are hard links
where the system has them, so that keeping costs no copy.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from groundwork import storage
from groundwork.errors import MLException
from groundwork.project._artefacts import copy_artefacts
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._runs import RunInfo
from groundwork.storage import FileLock, told_as_storage_error

FORMAT = 1

# The newest may be damaged, or be read by one run while another keeps something newer.
_OF_ONE_CONFIGURATION = 2
_CONFIGURATIONS = 4

_DECIDES_TABLE = {"source", "schema", "joins", "derive", "target", "task"}
_BESIDE_THE_MODEL = {"name", "description", "steps", "gates", "checkpoint", "leakage", "metrics", "extra_steps"}


def key_of(config: ProjectConfig, step: str) -> str:
    """Digest what decides the output of a step, the data themselves aside.

    Args:
        config: The project.
        step: ``load`` or ``train``.

    Returns:
        SHA-256 over the sections that the step and those before it read.
    """
    whole = config.to_dict()
    names = _DECIDES_TABLE if step == "load" else whole.keys() - _BESIDE_THE_MODEL
    # Derived columns and joins count in their order, as they do when they are applied.
    parts = {**{name: whole.get(name) for name in names}, "derive": list(config.derive.items())}
    text = json.dumps([step, parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Kept:
    """One output that a good run left.

    Attributes:
        step: The step that made it.
        key: ``key_of`` that step.
        run: The run that made it.
        created: When that run began, ISO 8601, UTC.
        output: What the step returned; its files lie beside ``kept.json``.
        facts: What else is known of it, as the fingerprints of that run.
        format: Version of the folder's layout.
    """

    step: str
    key: str
    run: str
    created: str
    output: dict[str, Any]
    facts: dict[str, Any]
    format: int = FORMAT

    @property
    def began(self) -> datetime:
        """When the run that made it began."""
        return datetime.fromisoformat(self.created)


class KeptOutputs:
    """What the runs of one project left.

    Args:
        runs: The folder of runs.
        project: The project's name.
    """

    def __init__(self, runs: Path, project: str) -> None:
        self._runs = runs
        self._root = runs / "kept" / project

    def folder(self, kept: Kept) -> Path:
        """Return where the files of an output lie.

        Args:
            kept: The output.
        """
        return self._root / kept.step / kept.run

    def keep(self, step: str, key: str, run: RunInfo, source: Path, output: dict[str, Any], **facts: Any) -> None:
        """Keep a step's output, and let go of what is too old to be of use.

        Args:
            step: The step.
            key: ``key_of`` it.
            run: The run that made it.
            source: That run's folder.
            output: What the step returned.
            **facts: What else is to be known of it.

        Raises:
            StorageError: The system refused, as with a full disk.
        """
        kept = Kept(step, key, run.id, run.created, output, facts)
        folder = self.folder(kept)
        with told_as_storage_error(folder, "cannot be kept there"):
            shutil.rmtree(folder, ignore_errors=True)  # of this run, before it was killed and went on
            folder.mkdir(parents=True)
            copy_artefacts(source, folder, output)
            storage.write(folder / "kept.json", asdict(kept))
            self._prune(step, run.id)

    def find(self, step: str, key: str) -> list[Kept]:
        """Return what there is of a step with this key, newest first; whether its files are whole is not looked at.

        Args:
            step: The step.
            key: ``key_of`` it.
        """
        return [kept for kept in self._all(step) if kept.key == key]

    def _all(self, step: str) -> list[Kept]:
        found = [kept for folder in self._folders(step) if (kept := _read(folder)) is not None]
        return sorted(found, key=lambda kept: kept.created, reverse=True)

    def _folders(self, step: str) -> Iterator[Path]:
        place = self._root / step
        if place.is_dir():
            yield from (path for path in place.iterdir() if path.is_dir() and not path.is_symlink())

    def _prune(self, step: str, run: str) -> None:
        seen: dict[str, int] = {}
        stay = {run}
        for kept in self._all(step):
            seen[kept.key] = seen.get(kept.key, 0) + 1
            if seen[kept.key] <= _OF_ONE_CONFIGURATION and len(seen) <= _CONFIGURATIONS:
                stay.add(kept.run)
        for folder in self._folders(step):
            # A folder without kept.json is another run's that is at it just now, or of one that was killed.
            if folder.name not in stay and not FileLock.held(self._runs / folder.name / "run.lock"):
                shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path) -> Kept | None:
    """Read what lies in a folder; None if it is not whole, or a newer groundwork's."""
    try:
        kept = Kept(**storage.read(folder / "kept.json"))
        return kept if kept.format == FORMAT and kept.run == folder.name and kept.began.tzinfo else None
    except (MLException, OSError, TypeError, ValueError):
        return None
