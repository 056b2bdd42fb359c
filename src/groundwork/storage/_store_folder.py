"""The folder of a store, as its names tell it.

Rule: ``step-…`` is a checkpoint, ``.step-….old`` one that is just being replaced, ``corrupt-…`` one that was set aside,
``….gw-tmp`` one on its way in or out. Who meets a rename on the way looks again instead of believing what it saw.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, StorageError
from groundwork.storage._building import STORE_LOCK
from groundwork.storage._durable import sync_folder
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._lock import exclusive
from groundwork.storage._manifest import read_manifest, verified
from groundwork.storage._temporary import SUFFIX

_STEP = re.compile(r"\.?step-(\d{8,})(\.old)?")
_ASIDE = "corrupt-"
_LOOKS = 20

T = TypeVar("T")


@dataclass(frozen=True)
class Stray:
    """Something in a store's folder that is no checkpoint.

    Attributes:
        path: Where it lies.
        what: What it is, in words.
    """

    path: Path
    what: str


def step_folders(root: Path) -> dict[int, Path]:
    """Find the folder of each step; while a step is being replaced that is the old one.

    Args:
        root: The store; it may be missing.

    Returns:
        The folders by step, not in order.

    Raises:
        StorageError: The store cannot be listed.
    """
    found: dict[int, Path] = {}
    for name in _names(root):
        match = _STEP.fullmatch(name)
        if match and name.startswith(".") == bool(match[2]) and not (match[2] and int(match[1]) in found):
            found[int(match[1])] = root / name
    return found


def at_step(root: Path, step: int, read: Callable[[Path], T]) -> T:
    """Read the checkpoint of a step, again if it is being replaced meanwhile; not while the store's lock is ours.

    Args:
        root: The store.
        step: The step.
        read: Takes the folder.

    Returns:
        What ``read`` returned.

    Raises:
        CheckpointNotFoundError: There is no such step, or no longer.
        CheckpointCorrupt: ``read`` raised it, and it is still so while nobody else can be writing.
    """
    damaged: CheckpointCorrupt | None = None
    for _ in range(_LOOKS):
        folder = step_folders(root).get(step)
        if folder is None:
            break
        try:
            return read(folder)
        except CheckpointNotFoundError:  # it was renamed after we had looked
            continue
        except CheckpointCorrupt as error:
            if _stays_damaged(root, folder):
                raise
            damaged = error
    if damaged is not None:  # its files are as its manifest says, and yet they are no model
        raise damaged
    there = ", ".join(map(str, sorted(step_folders(root)))) or "none"
    raise CheckpointNotFoundError(f"{root}: there is no step {step}", hint=f"there are: {there}")


def verify_checkpoint(folder: str | os.PathLike[str]) -> str | None:
    """Compare every file of one checkpoint with its manifest, in constant memory; nothing is loaded or changed.

    Args:
        folder: The checkpoint.

    Returns:
        None if it is whole, else what is wrong with it.

    Raises:
        CheckpointNotFoundError: There is no such folder.
        VersionSkew: A newer groundwork wrote it.
        StorageError: A file cannot be read.
    """
    try:
        verified(Path(folder), with_model=False)
    except CheckpointCorrupt as error:
        return str(error.context["why"])
    return None


def set_aside(root: Path, folder: Path) -> Path | None:
    """Rename a damaged checkpoint, unless another process has mended it or we may not write here.

    Args:
        root: The store.
        folder: The checkpoint.

    Returns:
        Its new place, or None if it stays where it is.
    """
    try:
        with exclusive(root / STORE_LOCK), told_as_storage_error(folder, "cannot set aside"):
            if verify_checkpoint(folder) is None:
                return None
            name = f"{_ASIDE}{folder.name.strip('.')}"
            tries = (folder.with_name(f"{name}-{number}" if number else name) for number in range(10_000))
            aside = next(each for each in tries if not each.exists())
            folder.rename(aside)
            sync_folder(root)
            return aside
    except StorageError:
        return None


def find_strays(root: Path) -> list[Stray]:
    """List what lies in a store and is no sound checkpoint; changes nothing.

    Args:
        root: The store; it may be missing.

    Returns:
        Each with what it is, by name.

    Raises:
        VersionSkew: A newer groundwork wrote one of the checkpoints.
        StorageError: The store cannot be listed.
    """
    found = []
    for name in sorted(_names(root)):
        path = root / name
        if name == STORE_LOCK or _STEP.fullmatch(name):
            continue
        if name.startswith(_ASIDE):
            found.append(Stray(path, "set aside as damaged"))
        elif name.startswith(".") and name.endswith(SUFFIX):
            found.append(Stray(path, "being written now, or left by a killed writer"))
        else:
            found.append(Stray(path, "no part of the store"))
    for step, folder in sorted(step_folders(root).items()):
        try:
            at_step(root, step, read_manifest)
        except CheckpointCorrupt as error:
            found.append(Stray(folder, f"damaged: {error.context['why']}"))
        except CheckpointNotFoundError:  # pruned meanwhile
            continue
    return found


def _names(root: Path) -> list[str]:
    with told_as_storage_error(root, "cannot list the checkpoints"):
        return os.listdir(root) if root.is_dir() else []


def _stays_damaged(root: Path, folder: Path) -> bool:
    """Look again while nobody can be replacing it."""
    try:
        with exclusive(root / STORE_LOCK):
            return folder.exists() and verify_checkpoint(folder) is not None
    except StorageError:  # a folder that we may only read
        return True
