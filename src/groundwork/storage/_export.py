"""One checkpoint as a thing of its own, to copy anywhere: a folder or a zip.

Rule: the target appears whole or not at all, replaces nothing, and holds the very bytes that the manifest vouches for:
they are hashed on their way. Cost: one pass over the bytes, a sync a file; a zip is stored, not compressed, because
weights hardly shrink, and the same checkpoint gives the same zip.
"""

import hashlib
import os
import secrets
import shutil
import stat
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from groundwork._failpoints import failpoint
from groundwork.errors import DurabilityUnknownError, StorageError, UsageError
from groundwork.storage._atomic import atomic_write
from groundwork.storage._durable import make_folders, sync_folder
from groundwork.storage._faults import storage_error, told_as_storage_error
from groundwork.storage._lock import FileLock
from groundwork.storage._manifest import MANIFEST, FileRecord, read_manifest
from groundwork.storage._members import corrupt, opened_member
from groundwork.storage._temporary import SUFFIX

_CHUNK_BYTES = 1 << 20
_WRITER = ".writer"
_OTHER_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z")
_REFUSED = "cannot export the checkpoint"
# The oldest time that a zip can say: a copy made later is the same file.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

_Add: TypeAlias = Callable[[str, int, Iterable[bytes]], None]


def export_checkpoint(folder: str | os.PathLike[str], target: str | os.PathLike[str]) -> Path:
    """Copy one checkpoint to a new folder or zip, comparing every byte with its manifest on the way.

    A zip holds one folder, ``step-…``; unpacked, it loads with ``load_checkpoint``. Files of the folder that the
    manifest does not name are left behind.

    Args:
        folder: The checkpoint.
        target: A path that does not exist yet; a name that ends in ``.zip`` asks for a zip, any other for a folder.

    Returns:
        The target.

    Raises:
        CheckpointNotFoundError: There is no such checkpoint.
        CheckpointCorrupt: A file differs from the manifest; nothing was exported.
        VersionSkew: A newer groundwork wrote it.
        UsageError: The target exists, lies inside the checkpoint, or is an archive of another kind.
        StorageError: The system refused; nothing was exported.
        DurabilityUnknownError: It is in place, but may not survive a power cut.
    """
    source, goal = Path(folder), Path(target)
    require_outside(goal, source)
    if goal.suffix.lower() in _OTHER_ARCHIVES:
        raise UsageError(f"{goal}: a checkpoint is exported as a folder or a .zip", hint="name the target *.zip")
    if os.path.lexists(goal):
        raise _exists(goal)
    exporting = _zip if goal.suffix.lower() == ".zip" else _folder
    while True:
        manifest = _manifest(source)
        try:
            with exporting(goal, source) as add:
                _copy(source, manifest, add)
            return goal
        except DurabilityUnknownError:
            raise
        except StorageError:
            if _manifest(source) == manifest:  # else it was replaced meanwhile, and the new one is what is wanted
                raise


def require_outside(target: Path, folder: Path) -> None:
    """Refuse a target that would become a part of what is exported.

    Args:
        target: Where to.
        folder: The checkpoint or the store.

    Raises:
        UsageError: It lies inside.
    """
    if Path(os.path.realpath(target)).is_relative_to(os.path.realpath(folder)):
        raise UsageError(f"{target} lies inside {folder}", hint="name a target outside of it")


def _manifest(folder: Path) -> bytes:
    read_manifest(folder)
    with told_as_storage_error(folder / MANIFEST, "cannot read"):
        return (folder / MANIFEST).read_bytes()


def _copy(source: Path, manifest: bytes, add: _Add) -> None:
    for name, record in sorted(read_manifest(source).members().items()):
        add(name, record.size, _checked(source, name, record))
    add(MANIFEST, len(manifest), (manifest,))
    if _manifest(source) != manifest:
        raise corrupt(source, "it was replaced while it was copied")


def _checked(folder: Path, name: str, record: FileRecord) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with opened_member(folder, name, record.size) as descriptor, told_as_storage_error(folder / name, "cannot read"):
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != record.sha256:
        raise corrupt(folder, f"the sha256 of {name} differs")


@contextmanager
def _zip(target: Path, source: Path) -> Iterator[_Add]:
    top = f"step-{read_manifest(source).step:08d}"
    with atomic_write(target, "xb") as file, zipfile.ZipFile(file, "w") as archive:

        def add(name: str, size: int, chunks: Iterable[bytes]) -> None:
            entry = zipfile.ZipInfo(f"{top}/{name}", _ZIP_TIME)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            entry.file_size = size
            with archive.open(entry, "w") as member:
                for chunk in chunks:
                    member.write(chunk)

        yield add


@contextmanager
def _folder(target: Path, source: Path) -> Iterator[_Add]:
    with told_as_storage_error(target, _REFUSED):
        made = make_folders(target.parent)
        _sweep(target)
        hidden, writer = _build_place(target)
    # The writer's lock lies beside what appears, so that it can be held until all is done.
    content = hidden / "content"
    try:

        def add(name: str, size: int, chunks: Iterable[bytes]) -> None:
            with atomic_write(content / name) as file:
                for chunk in chunks:
                    file.write(chunk)

        yield add
        _publish(content, target, made)
    finally:
        writer.release()
        shutil.rmtree(hidden, ignore_errors=True)


def _build_place(target: Path) -> tuple[Path, FileLock]:
    while True:
        hidden = target.with_name(f".{target.name}.{secrets.token_hex(4)}{SUFFIX}")
        hidden.mkdir()
        writer = FileLock(hidden / _WRITER)
        if writer.acquire() and writer.path.exists():
            return hidden, writer
        writer.release()  # a sweeper took it for dead before it was locked


def _sweep(target: Path) -> None:
    """Remove what killed exports to this target have left."""
    start = f".{target.name}."
    for path in target.parent.iterdir():
        if path.name.startswith(start) and path.name.endswith(SUFFIX) and path.is_dir():
            writer = FileLock(path / _WRITER)
            if writer.acquire():
                shutil.rmtree(path, ignore_errors=True)
                writer.release()
                if sys.platform == "win32":  # pragma: no cover - an open file stays there
                    shutil.rmtree(path, ignore_errors=True)


def _publish(content: Path, target: Path, made: list[Path]) -> None:
    with told_as_storage_error(target, _REFUSED):
        failpoint("storage.export.before_rename")
        if os.path.lexists(target):
            raise _exists(target)
        content.rename(target)
    try:
        failpoint("storage.export.after_rename")
        for folder in (target.parent, *reversed(made)):
            sync_folder(folder)
    except OSError as error:
        doing = "the export is in place, but may not survive a power cut"
        raise storage_error(error, target, doing, DurabilityUnknownError) from error


def _exists(target: Path) -> UsageError:
    return UsageError(f"{target} exists already", code="file_exists", hint="name a target that does not exist")
