"""One checkpoint folder, loaded.

Rule: no byte becomes a model before it has been compared with the manifest; tensors may be mapped first and compared
later, if the caller says so. Cost: one pass over the bytes, hashed while they are read; mapped, none.
"""

import logging
import mmap
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, UsageError, VersionSkew
from groundwork.storage._building import old_copy
from groundwork.storage._hash import hash_of, read_hashed
from groundwork.storage._manifest import ATTACHMENTS, MANIFEST, CheckpointInfo, unless_replaced, verified
from groundwork.storage._members import corrupt, opened_member
from groundwork.storage._payload import decode_model, require_loadable
from groundwork.storage._store_folder import step_folders

_log = logging.getLogger("groundwork.storage")
# More are in environment_differences; a line of log is for people.
_TOLD = 5
_TOLD_LENGTH = 1000
_PUBLISHED = re.compile(r"step-\d{8,}")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint.

    Attributes:
        model: The estimator, or a dict of names to tensors.
        info: What its manifest says.
    """

    model: Any
    info: CheckpointInfo
    _mapped: mmap.mmap | None = field(default=None, repr=False, compare=False)

    def file(self, name: str) -> bytes:
        """Read an attachment, compared with the manifest.

        Args:
            name: As given to ``save``.

        Returns:
            Its bytes.

        Raises:
            UsageError: There is none of that name.
            CheckpointCorrupt: It is not what was saved; perhaps the checkpoint has been replaced or deleted since.
            StorageError: It cannot be read.
        """
        record = self.info.files.get(name)
        if record is None:
            known = ", ".join(self.info.files) or "none"
            raise UsageError(f"{self.info.path}: no file {name!r} is attached", hint=f"there are: {known}")
        member = f"{ATTACHMENTS}/{name}"
        with opened_member(self.info.path, member, record.size) as descriptor:
            data, digest = read_hashed(descriptor, record.size)
        if digest != record.sha256:
            raise corrupt(self.info.path, f"the sha256 of {member} differs")
        return bytes(data)

    def verify(self) -> None:
        """Compare the files of a checkpoint that was loaded with ``verify="lazy"``; any other was compared at load.

        What is compared is the file as it was mapped, even if the checkpoint has been replaced or deleted since; what
        the caller has changed in memory does not count.

        Raises:
            CheckpointCorrupt: A file differs from the manifest.
            StorageError: An attachment cannot be read.
        """
        if self._mapped is None:
            return
        if sha256(self._mapped).hexdigest() != self.info.model.sha256:
            raise corrupt(self.info.path, f"the sha256 of {self.info.payload} differs")
        for name, record in self.info.members().items():
            if name != self.info.payload:
                with opened_member(self.info.path, name, record.size) as descriptor:
                    digest = hash_of(descriptor)
                if digest != record.sha256:
                    raise corrupt(self.info.path, f"the sha256 of {name} differs")


def load_checkpoint(
    folder: str | os.PathLike[str],
    *,
    trust: bool = False,
    allow_version_skew: bool = False,
    verify: Literal["full", "lazy"] = "full",
    same_environment: bool = False,
) -> Checkpoint:
    """Load one checkpoint folder, after comparing every file with its manifest.

    Tensors are views of one buffer that holds the file: writable, and in memory as long as one of them is. What differs
    from the environment that saved it is logged as a warning.

    Args:
        folder: As ``checkpoints/step-00000400``.
        trust: Run a checkpoint saved with joblib or pickle, and load types that the allowlist of skops does not know;
            only for files whose maker you know.
        allow_version_skew: Load an object that another minor version of scikit-learn, or, from a pickle, another major
            version of torch saved. Tensors are numbers, and know no skew.
        verify: ``"lazy"`` maps tensors into memory after comparing sizes alone: at once, whatever their size, and read
            from the disk where they are touched. ``Checkpoint.verify`` compares the hashes. Changes to the tensors stay
            in memory. Nobody may shorten the file meanwhile (the system then ends the process); no part of groundwork
            ever does.
        same_environment: Refuse a checkpoint that was saved in another environment; see
            ``CheckpointInfo.environment_differences``.

    Returns:
        The model and what is known of it.

    Raises:
        CheckpointNotFoundError: There is no such folder.
        CheckpointCorrupt: A file differs from the manifest.
        UnsafeCheckpoint: It is a pickle or holds types that are not trusted; nothing of it has run.
        VersionSkew: It was saved by versions that cannot be read safely here, or, with ``same_environment``, in another
            environment.
        ConfigurationError: It holds torch tensors, and torch is not installed.
        UsageError: The folder is a store, ``verify`` is neither, or ``"lazy"`` was asked of a model that is no mapping
            of tensors.
        StorageError: It cannot be read.
    """
    if verify not in ("full", "lazy"):
        raise UsageError(f"verify is {verify!r}", hint="use 'full' or 'lazy'")
    admit = partial(_admit, trust=trust, allow_version_skew=allow_version_skew, same_environment=same_environment)
    checkpoint = _load(Path(folder), partial(_read if verify == "full" else _map, admit=admit, trust=trust))
    if not same_environment and (differences := checkpoint.info.environment_differences):
        _log.warning("%s was saved in another environment: %s", checkpoint.info.path, _few(differences))
    return checkpoint


def _load(path: Path, load: Callable[[Path], Checkpoint]) -> Checkpoint:
    try:
        return load(path)
    except CheckpointCorrupt as error:
        if not os.path.lexists(path / MANIFEST) and (steps := step_folders(path)):
            known = ", ".join(steps[step].name for step in sorted(steps)[-5:])
            raise UsageError(
                f"{path} is a store, not one checkpoint", hint=f"name one of its folders, the newest are {known}"
            ) from error
        raise
    except CheckpointNotFoundError:
        if not (_PUBLISHED.fullmatch(path.name) and path.parent.is_dir()):
            raise
        # Perhaps it is just being replaced: then the old one is here, or the new one is there by now.
        with suppress(CheckpointNotFoundError):
            return load(old_copy(path))
        return load(path)


def _admit(info: CheckpointInfo, *, trust: bool, allow_version_skew: bool, same_environment: bool) -> None:
    require_loadable(info, trust=trust, allow_version_skew=allow_version_skew)
    if same_environment and (differences := info.environment_differences):
        raise VersionSkew(
            f"{info.path} was saved in another environment: {_few(differences)}",
            hint="bring the environment back to what it was, or load it without same_environment=True",
            context={"differences": differences},
        )


def _few(differences: list[str]) -> str:
    more = [f"and {len(differences) - _TOLD} more"] if len(differences) > _TOLD else []
    told = "; ".join([*differences[:_TOLD], *more])
    # A manifest can say anything; it must not write lines of its own into the log.
    return "".join(each if each.isprintable() else "?" for each in told)[:_TOLD_LENGTH]


def _read(folder: Path, *, admit: Callable[[CheckpointInfo], None], trust: bool) -> Checkpoint:
    info, data = verified(folder, with_model=True, admit=admit)
    return Checkpoint(decode_model(info, data, trust=trust), info)


def _map(folder: Path, *, admit: Callable[[CheckpointInfo], None], trust: bool) -> Checkpoint:
    def look(info: CheckpointInfo) -> tuple[Any, mmap.mmap]:
        admit(info)
        if info.format != "safetensors":
            raise UsageError(
                f"{info.path}: verify='lazy' maps tensors; a {info.format} model has to be read whole",
                hint="load it with verify='full'",
            )
        for name, record in info.members().items():
            with opened_member(info.path, name, record.size) as descriptor:
                if name == info.payload:
                    view = mmap.mmap(descriptor, record.size, access=mmap.ACCESS_COPY)
                    kept = mmap.mmap(descriptor, record.size, access=mmap.ACCESS_READ)
        return decode_model(info, memoryview(view), trust=trust), kept

    info, (model, kept) = unless_replaced(folder, look)
    return Checkpoint(model, info, kept)
