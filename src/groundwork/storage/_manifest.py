"""The manifest of a checkpoint: what is in the folder, and the proof that it is still that.

Rule: it is written last, so a folder with a manifest was complete; it carries the SHA-256 of every file and of itself,
so what is read is what was saved, or an error.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from groundwork.errors import (
    CheckpointNotFoundError,
    InvalidDataError,
    PathEscapeError,
    StorageError,
    UsageError,
    VersionSkew,
)
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._hash import hash_of, read_hashed
from groundwork.storage._members import corrupt, opened_member, require_no_links

FORMAT_NUMBER = 2  # 1 had neither framework nor fingerprints
MANIFEST = "manifest.json"
ATTACHMENTS = "files"
_T = TypeVar("_T")


@dataclass(frozen=True)
class FileRecord:
    """What one file of a checkpoint must be.

    Attributes:
        sha256: Of its bytes.
        size: In bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says about itself.

    Attributes:
        step: Its number; the greatest is the latest.
        path: Its folder.
        created: When, ISO 8601, UTC.
        format: How the model is stored: ``"safetensors"``, ``"skops"``, ``"joblib"`` or ``"pickle"``.
        payload: Name of the model's file.
        model: Record of the model's file.
        metrics: As given to ``save``.
        metadata: As given to ``save``.
        files: The attachments by name; they lie in ``path / "files" / name``.
        versions: Versions of the libraries that saved it, by name.
        best_metric: The metric that the store ranked by, or None.
        framework: Whose objects the model is made of: ``"numpy"``, ``"torch"``, ``"scikit-learn"`` or None.
        fingerprints: What the model came from: ``"environment"`` is taken by itself, in the form that
            ``groundwork.environment.diff`` compares; others, as ``"data"`` and ``"code"``, are as given to ``save``.
    """

    step: int
    path: Path
    created: str
    format: str
    payload: str
    model: FileRecord
    metrics: Mapping[str, float] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    best_metric: str | None = None
    framework: str | None = None
    fingerprints: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def environment_differences(self) -> list[str]:
        """What differs here from the environment that it was made in, as ``numpy 2.4.5 -> 2.4.6``; looked up anew.

        Empty as well where its maker recorded no environment.
        """
        from groundwork.environment import diff, fingerprint

        try:
            return diff(self.fingerprints.get("environment", {}), fingerprint())
        except (AttributeError, InvalidDataError):  # the caller of save may have put there what they like
            return []

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            Every attribute, JSON-able; ``path`` as text.
        """
        return {**asdict(self), "path": str(self.path)}

    def members(self) -> dict[str, FileRecord]:
        """Return every file that the manifest covers.

        Returns:
            Record by path inside the folder.
        """
        return {self.payload: self.model, **{f"{ATTACHMENTS}/{name}": each for name, each in self.files.items()}}


def encode_manifest(info: CheckpointInfo) -> bytes:
    """Write a manifest's bytes.

    Args:
        info: The checkpoint.

    Returns:
        JSON, the same for the same input.

    Raises:
        UsageError: Metrics, metadata or fingerprints cannot be written as JSON.
    """
    content = {"format_number": FORMAT_NUMBER, **info.to_dict()}
    del content["path"]
    try:
        content["sha256"] = _digest(content)
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"metrics, metadata and fingerprints must be JSON-able: {error}", hint="use plain values"
        ) from error


def read_manifest(folder: Path) -> CheckpointInfo:
    """Read and check the manifest of a checkpoint folder; its files are not looked at.

    Args:
        folder: The checkpoint.

    Returns:
        What it says.

    Raises:
        CheckpointNotFoundError: There is no such folder.
        CheckpointCorrupt: The manifest is missing or differs from what was written.
        VersionSkew: A newer groundwork wrote it.
        StorageError: It cannot be read.
    """
    text = _manifest_text(folder)
    try:
        content = json.loads(text)
        number = content["format_number"]
        if type(number) is not int:
            raise TypeError(f"format_number is {number!r}")
        if number > FORMAT_NUMBER:
            raise VersionSkew(
                f"{folder}: the checkpoint has format {number}; this groundwork reads up to {FORMAT_NUMBER}",
                hint="load it with the newer groundwork that wrote it",
                context={"found": number, "known": FORMAT_NUMBER},
            )
        if content.pop("sha256") != _digest(content):
            raise corrupt(folder, f"{MANIFEST} differs from its own sha256")
        return _info(folder, content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise corrupt(folder, f"{MANIFEST} cannot be read ({type(error).__name__}: {error})") from error


def verified(
    folder: Path, *, with_model: bool, admit: Callable[[CheckpointInfo], None] | None = None
) -> tuple[CheckpointInfo, memoryview]:
    """Read a checkpoint's manifest and compare every file with it; one pass over the bytes.

    Args:
        folder: The checkpoint.
        with_model: Return the model's bytes, the very ones that were compared; else no file is kept in memory.
        admit: Raises what is against this checkpoint, before its files are read.

    Returns:
        What the manifest says, and the bytes, writable (empty unless asked for).

    Raises:
        CheckpointNotFoundError: There is no such folder, or no longer.
        CheckpointCorrupt: The manifest or a file is missing or differs.
        VersionSkew: A newer groundwork wrote it.
        StorageError: A file cannot be read.
    """

    def look(info: CheckpointInfo) -> memoryview:
        if admit is not None:
            admit(info)
        return _compare(info, with_model=with_model)

    return unless_replaced(folder, look)


def unless_replaced(folder: Path, look: Callable[[CheckpointInfo], _T]) -> tuple[CheckpointInfo, _T]:
    """Look at a checkpoint, and again if it was replaced meanwhile, so that nothing of the old is mixed with the new.

    Args:
        folder: The checkpoint.
        look: Gets what the manifest says.

    Returns:
        What the manifest says, and what ``look`` returned.

    Raises:
        CheckpointNotFoundError: See ``read_manifest``; so are the others, or they are ``look``'s.
    """
    while True:
        info = read_manifest(folder)
        try:
            return info, look(info)
        except StorageError:
            if encode_manifest(read_manifest(folder)) == encode_manifest(info):  # a NaN differs from itself
                raise


def _manifest_text(folder: Path) -> bytes:
    path = folder / MANIFEST
    require_no_links(folder, MANIFEST)
    with told_as_storage_error(path, "cannot read"):
        while True:
            if path.exists() and not path.is_file():  # to open a pipe would be to wait for ever
                raise corrupt(folder, f"{MANIFEST} is no plain file")
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError) as error:
                if folder.is_file():
                    raise CheckpointNotFoundError(
                        f"{folder} is a file, no checkpoint", hint="unpack a .zip, and name the step-… folder in it"
                    ) from error
                if not folder.is_dir():
                    raise CheckpointNotFoundError(f"{folder}: no such checkpoint", hint="check the path") from error
                if not path.exists():  # else the folder was just being replaced
                    raise corrupt(folder, f"it has no {MANIFEST}") from error


def _compare(info: CheckpointInfo, *, with_model: bool) -> memoryview:
    data = memoryview(b"")
    for name, record in info.members().items():
        with opened_member(info.path, name, record.size) as descriptor:
            if with_model and name == info.payload:
                data, digest = read_hashed(descriptor, record.size)
            else:
                digest = hash_of(descriptor)
        if digest != record.sha256:
            raise corrupt(info.path, f"the sha256 of {name} differs")
    return data


def require_plain_name(name: str) -> None:
    """Refuse an attachment name that leads out of its folder.

    Args:
        name: Relative, parts separated by ``/``.

    Raises:
        PathEscapeError: It is absolute, empty or has ``..``, a backslash or a drive in it.
    """
    parts = name.split("/")
    if not name or {"", ".", ".."} & set(parts) or any(each in name for each in "\\:\0") or PurePosixPath(name).root:
        raise PathEscapeError(f"{name!r} is no name for an attachment", hint="use a relative path such as 'spec.json'")


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_KINDS = {
    "step": int,
    "created": str,
    "format": str,
    "payload": str,
    "metrics": dict,
    "metadata": dict,
    "versions": dict,
}


def _info(folder: Path, content: dict[str, Any]) -> CheckpointInfo:
    for name, kind in _KINDS.items():
        if type(content[name]) is not kind:
            raise TypeError(f"{name} is {content[name]!r:.40}")
    if content["step"] < 0 or not all(type(each) in (int, float) for each in content["metrics"].values()):
        raise ValueError("the step must not be negative, and metrics must be numbers")
    if not all(type(each) is str for each in content["versions"].values()):
        raise ValueError("versions must be texts")
    files = {name: FileRecord(**each) for name, each in content.pop("files").items()}
    for name in (*files, content["payload"]):
        try:
            require_plain_name(name)
        except PathEscapeError as error:
            raise corrupt(folder, f"{MANIFEST} names {name!r}, which leads elsewhere") from error
    del content["format_number"]
    return CheckpointInfo(**{**content, "path": folder, "files": files, "model": FileRecord(**content["model"])})
