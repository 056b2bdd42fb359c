"""What decides a run's result: configuration, data, code, environment."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import groundwork
from groundwork import environment, storage
from groundwork.errors import InvalidDataError, MLException, StorageError
from groundwork.project._config_schema import ProjectConfig

FINGERPRINTS_FILE = "fingerprints.json"


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Everything that decides a run's result, as plain data.

    Attributes:
        configuration: Digest of the resolved configuration.
        data: SHA-256 and size of each source file, by its path in the configuration; what is wrong with it instead,
            where it cannot be read and an earlier run can stand in.
        code: Version of groundwork and SHA-256 over its modules.
        environment: ``groundwork.environment.Fingerprint.to_dict()``: interpreter, platform, packages, native
            libraries, variables, cores.
    """

    configuration: str
    data: dict[str, Any]
    code: dict[str, str]
    environment: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @property
    def identity(self) -> str:
        """SHA-256 of what a run must have in common with one that was killed, to go on with it.

        That is all but what another start may be given though nobody changed anything: cores, devices, another machine
        of the same kind. ``moved`` tells of these.
        """
        lasting = environment.Fingerprint.from_dict(self.environment).lasting_digest
        text = json.dumps(self.to_dict() | {"environment": lasting}, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def moved(folder: Path, now: Fingerprints) -> list[str]:
    """Say what a run that goes on finds different from when it began.

    Args:
        folder: The run.
        now: Its fingerprints of today.

    Returns:
        One sentence; empty if nothing differs, or if it was killed before it had written any down.
    """
    try:
        before = storage.read(folder / FINGERPRINTS_FILE)["environment"]
        differences = environment.diff(before, now.environment)
    except (KeyError, TypeError, MLException):
        return []
    return [f"the run went on in another environment than it began in: {'; '.join(differences)}"] if differences else []


def fingerprints(config: ProjectConfig) -> Fingerprints:
    """Take the fingerprints for a run of this project, now.

    Args:
        config: The project.

    Returns:
        The fingerprints; costs one pass over the source files.

    Raises:
        InvalidDataError: A source file is missing, or is a folder, and ``steps.load`` has no fallback.
        StorageError: A source file cannot be read, and ``steps.load`` has no fallback.
    """
    paths = [config.source.path, *(join.path for join in config.joins)]
    look = source_file if config.steps.load.fallback == "none" else _source_file_or_why_not
    return Fingerprints(
        configuration=config.digest,
        data={path: look(config.path_of(path)) for path in paths},
        code={"groundwork": version("groundwork"), "sha256": _code()},
        environment=environment.fingerprint().to_dict(),
    )


def source_file(path: Path) -> dict[str, Any]:
    """Take the fingerprint of a file that the configuration names.

    Args:
        path: The file.

    Returns:
        ``sha256`` and ``bytes``.

    Raises:
        InvalidDataError: It is missing, or is a folder; the message says what lies beside it.
        StorageError: It cannot be read.
    """
    if path.is_dir():
        raise InvalidDataError(
            f"{path} is a folder, not a file", hint="name a file in pipeline.yaml", context={"file": str(path)}
        )
    if not path.is_file():
        near = sorted(each.name for each in path.parent.glob("*")) if path.parent.is_dir() else []
        there = f"; {path.parent} holds {', '.join(near[:5])}" if near else ""
        raise InvalidDataError(
            f"{path}: no such file{there}",
            hint="correct the path in pipeline.yaml, or put the file there",
            context={"file": str(path)},
        )
    return {"sha256": storage.sha256(path), "bytes": path.stat().st_size}


def _source_file_or_why_not(path: Path) -> dict[str, Any]:
    try:
        return source_file(path)
    except (InvalidDataError, StorageError) as error:
        # The step that reads it says more; here it must be the same words at every try.
        return {"unreadable": error.code}


def _code() -> str:
    root = Path(groundwork.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if "exercises" not in path.parts:
            digest.update(str(path.relative_to(root).as_posix()).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
