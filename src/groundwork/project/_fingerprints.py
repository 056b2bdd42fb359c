"""What decides a run's result: configuration, data, code, environment."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import groundwork
from groundwork import environment, storage
from groundwork.errors import InvalidDataError
from groundwork.project._config_schema import ProjectConfig

FINGERPRINTS_FILE = "fingerprints.json"


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Everything that decides a run's result, as plain data.

    Attributes:
        configuration: Digest of the resolved configuration.
        data: SHA-256 and size of each source file, by its path in the configuration.
        code: Version of groundwork and SHA-256 over its modules.
        environment: Interpreter, platform, packages, thread settings.
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
        """SHA-256 of all of it: two runs with one identity give one result."""
        text = json.dumps(self.to_dict(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def fingerprints(config: ProjectConfig) -> Fingerprints:
    """Take the fingerprints for a run of this project, now.

    Args:
        config: The project.

    Returns:
        The fingerprints; costs one pass over the source files.

    Raises:
        InvalidDataError: A source file is missing, or is a folder.
        StorageError: A source file cannot be read.
    """
    paths = [config.source.path, *(join.path for join in config.joins)]
    return Fingerprints(
        configuration=config.digest,
        data={path: _file(config.path_of(path)) for path in paths},
        code={"groundwork": version("groundwork"), "sha256": _code()},
        environment=environment.fingerprint().to_dict(),
    )


def _file(path: Path) -> dict[str, Any]:
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


def _code() -> str:
    root = Path(groundwork.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if "exercises" not in path.parts:
            digest.update(str(path.relative_to(root).as_posix()).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
