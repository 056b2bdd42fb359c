"""How a checkpoint folder comes and goes.

Rule: it is built under a hidden name by a writer that holds a lock in it, and appears by a rename; it goes by a rename
to a hidden name before its files do. All renames happen under the store's lock, so whatever hidden folder has no
living writer is left over from a crash: ``settle`` removes it, or puts it back if it is the only copy of its step.
"""

import os
import pickle
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import DurabilityUnknownError, StorageError, UsageError
from groundwork.storage._durable import make_folders, sync_file, sync_folder, write_all
from groundwork.storage._faults import storage_error, told_as_storage_error
from groundwork.storage._hash import Sha256Beside
from groundwork.storage._lock import FileLock, exclusive
from groundwork.storage._manifest import (
    ATTACHMENTS,
    MANIFEST,
    CheckpointInfo,
    FileRecord,
    encode_manifest,
)
from groundwork.storage._names import checked_parts
from groundwork.storage._payload import library_versions, payload_of
from groundwork.storage._temporary import SUFFIX

STORE_LOCK = ".lock"
_WRITER = ".writer"
_REFUSED = "cannot save the checkpoint (earlier ones are untouched)"
_CHUNK_BYTES = 1 << 20


class Building:
    """One checkpoint on its way: filled, published, closed.

    Args:
        root: The store's folder; made if missing.
        step: The checkpoint's step.
    """

    def __init__(self, root: Path, step: int) -> None:
        self.root = root
        self.step = step
        self.final = root / f"step-{step:08d}"
        self.path = _hidden(self.final)
        self._writer = FileLock(self.path / _WRITER)
        with told_as_storage_error(self.final, _REFUSED):
            for folder in make_folders(root):
                sync_folder(folder)
            with exclusive(root / STORE_LOCK):
                self.path.mkdir()
                try:
                    self._writer.acquire()
                except StorageError:
                    self.close()
                    raise

    def fill(
        self,
        model: Any,
        metrics: Mapping[str, float],
        metadata: Mapping[str, Any],
        files: Mapping[str, bytes | Path],
        *,
        best_metric: str | None,
        format: str | None = None,  # noqa: A002 - what the store calls it
        fingerprints: Mapping[str, Any] | None = None,
    ) -> CheckpointInfo:
        """Write everything, the manifest last, and sync it.

        Args:
            model: See ``payload_of``.
            metrics: Numbers by name.
            metadata: JSON-able facts by name.
            files: Attachments by name.
            best_metric: What the store ranks by.
            format: See ``payload_of``.
            fingerprints: JSON-able facts of what the model came from, as ``{"data": "sha256:…"}``.

        Returns:
            The checkpoint as it will be when published.

        Raises:
            UsageError: Something cannot be stored.
            StorageError: The system refused.
        """
        payload = payload_of(model, format)
        for name, source in files.items():
            checked_parts(name)
            _require_source(name, source)
        info = CheckpointInfo(
            step=self.step,
            path=self.final,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            format=payload.format,
            payload=f"model.{payload.format}",
            model=FileRecord("", 0),
            metrics=_numbers(metrics),
            metadata=dict(metadata),
            versions=library_versions(),
            best_metric=best_metric,
            framework=payload.framework,
            fingerprints={"environment": _environment(), **(fingerprints or {})},
        )
        encode_manifest(info)  # what cannot be told is refused before gigabytes are written
        with told_as_storage_error(self.final, _REFUSED):
            failpoint("storage.checkpoint.before_write")
            info = replace(
                info,
                model=_write(self.path / info.payload, payload.write),
                files={name: _write(self.path / ATTACHMENTS / name, _copier(each)) for name, each in files.items()},
            )
            failpoint("storage.checkpoint.before_manifest")
            _write(self.path / MANIFEST, _copier(encode_manifest(info)))
            for folder, _, _ in os.walk(self.path):
                sync_folder(Path(folder))
        return info

    def publish(self) -> None:
        """Let the checkpoint appear under its name, in place of one of the same step.

        Raises:
            StorageError: The system refused; an older checkpoint of this step is still there.
            DurabilityUnknownError: It has appeared, but may not survive a power cut.
        """
        with exclusive(self.root / STORE_LOCK):
            with told_as_storage_error(self.final, _REFUSED):
                self._writer.release()
                (self.path / _WRITER).unlink()
                failpoint("storage.checkpoint.before_rename")
                exchange(self.path, self.final)
            try:
                failpoint("storage.checkpoint.after_rename")
                sync_folder(self.root)
                discard(old_copy(self.final))
            except OSError as error:
                doing = "the checkpoint is in place, but may not survive a power cut"
                raise storage_error(error, self.final, doing, DurabilityUnknownError) from error

    def close(self) -> None:
        """Remove what was not published; never raises an OSError."""
        self._writer.release()
        shutil.rmtree(self.path, ignore_errors=True)


def exchange(new: Path, final: Path) -> None:
    """Rename ``new`` to ``final``; a folder that is there moves to the hidden name that readers look at meanwhile.

    Args:
        new: The complete folder.
        final: Its name.

    Raises:
        OSError: A rename failed; what was there is there again.
    """
    old = old_copy(final)
    if not final.exists():
        new.rename(final)
        return
    discard(old)
    final.rename(old)
    try:
        failpoint("storage.checkpoint.between_renames")
        new.rename(final)
    except OSError:
        old.rename(final)
        raise


def discard(folder: Path) -> None:
    """Delete a checkpoint so that neither a crash nor a reader finds half of it; the caller holds the store's lock.

    Args:
        folder: The checkpoint; it may be missing.

    Raises:
        OSError: It could not be hidden. What cannot be deleted once it is hidden, the next ``settle`` deletes.
    """
    hidden = _hidden(folder)
    try:
        folder.rename(hidden)
    except FileNotFoundError:
        return
    shutil.rmtree(hidden, ignore_errors=True)


def settle(root: Path) -> None:
    """Put right what crashed writers have left in a store; cheap when there is nothing.

    Args:
        root: The store's folder; it may be missing.

    Raises:
        StorageError: The system refused.
    """
    with told_as_storage_error(root, "cannot look into the store"):
        if not any(_left_over(root)):
            return
    with exclusive(root / STORE_LOCK), told_as_storage_error(root, "cannot tidy up"):
        for path in _left_over(root):
            if path.name.endswith(SUFFIX):
                if not FileLock.held(path / _WRITER):
                    shutil.rmtree(path, ignore_errors=True)
                continue
            final = root / path.name.removeprefix(".").removesuffix(".old")
            if final.exists():
                discard(path)
            else:
                path.rename(final)
                sync_folder(root)


def _left_over(root: Path) -> list[Path]:
    return [*root.glob(f".step-*{SUFFIX}"), *root.glob(".step-*.old")] if root.is_dir() else []


def _hidden(final: Path) -> Path:
    return final.with_name(f".{final.name.strip('.')}.{secrets.token_hex(4)}{SUFFIX}")


def old_copy(final: Path) -> Path:
    """Name the place of a checkpoint that is being replaced.

    Args:
        final: Its folder.

    Returns:
        The hidden folder that it stays in until the new one is there.
    """
    return final.with_name(f".{final.name}.old")


class _HashedFile:
    """A new file that is hashed while it is written."""

    def __init__(self, descriptor: int, digest: Sha256Beside) -> None:
        self._descriptor, self._digest, self._size = descriptor, digest, 0

    def write(self, chunk: Any) -> int:
        """Write all of the chunk, which must stay as it is until the file is closed."""
        # Pickle hands over any buffer; its bytes are wanted, in the order in which they lie.
        data = chunk if isinstance(chunk, bytes) else pickle.PickleBuffer(chunk).raw()
        self._digest.update(data)
        write_all(self._descriptor, data)
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Count what was written."""
        return self._size


def _write(path: Path, fill: Callable[[_HashedFile], None]) -> FileRecord:
    """Write one new file durably and return its record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        with Sha256Beside() as digest:
            file = _HashedFile(descriptor, digest)
            fill(file)
            sync_file(descriptor)  # the hash may be behind; it catches up while the disk works
            return FileRecord(digest.hexdigest(), file.tell())
    finally:
        os.close(descriptor)


def _require_source(name: str, source: Any) -> None:
    if not isinstance(source, bytes | Path):
        raise UsageError(
            f"files[{name!r}] is of type {type(source).__name__}; an attachment is bytes, or the Path of a file",
            hint="give text.encode() for the text itself, or Path(text) for the file of that name",
        )


def _copier(source: bytes | Path) -> Callable[[_HashedFile], None]:
    """Make what writes an attachment; a path is copied in chunks."""

    def fill(file: _HashedFile) -> None:
        if isinstance(source, bytes):
            file.write(source)
            return
        with told_as_storage_error(source, "cannot read the attachment"), open(source, "rb") as attachment:
            while chunk := attachment.read(_CHUNK_BYTES):
                file.write(chunk)

    return fill


def _environment() -> dict[str, Any]:
    from groundwork.environment import fingerprint

    return fingerprint().to_dict()


def _numbers(metrics: Mapping[str, float]) -> dict[str, float]:
    try:
        return {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError) as error:
        raise UsageError(f"metrics must be numbers: {error}", hint="put everything else into metadata") from error
