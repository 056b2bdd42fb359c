"""Checkpoints on a local disk.

Rule: a reader sees the old checkpoint or the new one, never half, and only bytes that are what was saved.
A save builds a hidden folder, syncs every file, writes the manifest last, renames the folder and syncs its parent: one
pass over the bytes and a sync a file. What is damaged is set aside under another name, never deleted.
"""

import builtins
import os
import re
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from groundwork.errors import (
    CheckpointCorrupt,
    CheckpointNotFoundError,
    MLException,
    StorageError,
    UsageError,
    VersionSkew,
)
from groundwork.storage._building import STORE_LOCK, Building, discard, settle
from groundwork.storage._durable import sync_folder
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._loading import Checkpoint, load_checkpoint
from groundwork.storage._lock import exclusive
from groundwork.storage._manifest import CheckpointInfo, read_manifest, verified
from groundwork.storage._retention import Keep, kept_steps, ranked

_STEP = re.compile(r"\.?step-(\d{8,})(\.old)?")
_LOOKS = 20


class CheckpointSkippedWarning(UserWarning):
    """A damaged checkpoint was passed over; the message says which and why."""


class CheckpointStore:
    """A folder of checkpoints, one subfolder a step; any number of processes may save and load at once.

    Opening it puts right what dead writers have left behind.

    Args:
        root: The folder; made by the first save.
        keep: How many checkpoints stay after a save.
    """

    def __init__(self, root: str | os.PathLike[str], *, keep: Keep | None = None) -> None:
        self.root = Path(root)
        self.keep = keep or Keep(last=3, best=None)
        with suppress(StorageError):  # a folder that we may only read is left as it is
            settle(self.root)

    def save(
        self,
        model: Any,
        *,
        step: int,
        metrics: Mapping[str, float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes | Path] | None = None,
    ) -> CheckpointInfo:
        """Save a model durably, then drop what ``keep`` no longer asks for.

        A step that exists is replaced, whole; of two savers of one step the later wins.

        Args:
            model: A scikit-learn estimator, or a mapping of names to numpy arrays.
            step: 0 or more; the greatest step is the latest.
            metrics: Numbers by name.
            metadata: JSON-able facts by name.
            files: Attachments by name: bytes, or the path of a file to copy.

        Returns:
            The checkpoint as saved.

        Raises:
            UsageError: The model or an argument cannot be stored.
            StorageError: The system refused; earlier checkpoints are untouched.
            DurabilityUnknownError: It is in place, but may not survive a power cut.
        """
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise UsageError(f"step is {step!r}; it must be a whole number, 0 or more", hint="count steps from 0")
        best = self.keep.best[0] if self.keep.best else None
        building = Building(self.root, step)
        try:
            info = building.fill(model, metrics or {}, metadata or {}, files or {}, best_metric=best)
            building.publish()
        finally:
            building.close()
        self._prune(just_saved=step)
        return info

    def load(self, which: str | int = "latest", *, trust: bool = False, allow_version_skew: bool = False) -> Checkpoint:
        """Load a checkpoint; of ``"latest"`` and ``"best"`` the first that verifies.

        A damaged one is passed over with a ``CheckpointSkippedWarning`` and renamed to ``corrupt-…``.

        Args:
            which: ``"latest"``, ``"best"`` (by ``keep.best``, else by the metric recorded when it was saved) or a step.
            trust: See ``load_checkpoint``.
            allow_version_skew: See ``load_checkpoint``.

        Returns:
            The model and what is known of it.

        Raises:
            CheckpointNotFoundError: There is none, or not of that step.
            CheckpointCorrupt: The step asked for, or every one, is damaged.
            UnsafeCheckpoint: See ``load_checkpoint``.
            VersionSkew: See ``load_checkpoint``.
            StorageError: It cannot be read.
            UsageError: ``which`` is none of these.
        """
        if isinstance(which, int):
            return self._load_exactly(which, trust=trust, allow_version_skew=allow_version_skew)
        if which not in ("latest", "best"):
            raise UsageError(f"{which!r} is no checkpoint", hint="use 'latest', 'best' or a step")
        damaged: CheckpointCorrupt | None = None
        for step in sorted(self._folders(), reverse=True) if which == "latest" else self._best_first():
            try:
                return self._load_step(step, trust=trust, allow_version_skew=allow_version_skew)
            except CheckpointNotFoundError:  # another process has pruned it meanwhile
                continue
            except CheckpointCorrupt as error:
                damaged = error
                self._pass_over(step, error)
        if damaged is not None:
            raise CheckpointCorrupt(
                f"{self.root}: no checkpoint verifies; the last one tried: {damaged.message}",
                hint="restore one of the corrupt-… folders from a copy, or train anew",
            )
        raise CheckpointNotFoundError(f"{self.root}: there is no checkpoint", hint="train first, or check the path")

    def list(self) -> builtins.list[CheckpointInfo]:
        """Read the manifests.

        Returns:
            The checkpoints with a sound manifest, by step; their files are not looked at (``verify`` does).

        Raises:
            VersionSkew: A newer groundwork wrote one of them.
            StorageError: The folder cannot be read.
        """
        return self._infos(CheckpointCorrupt, CheckpointNotFoundError)

    def verify(self) -> dict[int, str | None]:
        """Compare every file of every checkpoint with its manifest; changes nothing.

        Returns:
            By step: None if it is whole, else what is wrong with it.

        Raises:
            VersionSkew: A newer groundwork wrote one of them.
            StorageError: A file cannot be read.
        """
        return {step: _what_is_wrong(folder) for step, folder in sorted(self._folders().items())}

    def prune(self) -> builtins.list[int]:
        """Delete what ``keep`` does not ask for; the newest that verifies always stays.

        Returns:
            The steps deleted.

        Raises:
            StorageError: A folder could not be deleted.
        """
        return self._prune(just_saved=None)

    def _prune(self, *, just_saved: int | None) -> builtins.list[int]:
        if len(self._folders()) <= self.keep.last:
            return []
        removed = []
        with exclusive(self.root / STORE_LOCK):
            infos = self._infos(CheckpointCorrupt, CheckpointNotFoundError, VersionSkew)
            kept = kept_steps(infos, self.keep) | {just_saved}
            surplus = [info for info in infos if info.step not in kept]
            if surplus:
                kept.add(_newest_whole(infos, known_whole=just_saved))
            for info in surplus:
                if info.step not in kept:
                    with told_as_storage_error(info.path, "cannot delete the checkpoint"):
                        discard(info.path)
                    removed.append(info.step)
        return removed

    def _load_exactly(self, step: int, **how: bool) -> Checkpoint:
        try:
            return self._load_step(step, **how)
        except CheckpointCorrupt as error:
            whole = next((each for each, wrong in reversed(self.verify().items()) if wrong is None), None)
            error.hint = f"load step {whole}, the newest that verifies" if whole is not None else "train anew"
            raise

    def _load_step(self, step: int, **how: bool) -> Checkpoint:
        for _ in range(_LOOKS):
            folder = self._folders().get(step)
            if folder is None:
                break
            try:
                return load_checkpoint(folder, **how)
            except CheckpointNotFoundError:  # it was renamed after we had looked; look again
                continue
            except CheckpointCorrupt:
                if self._stays_damaged(folder):
                    raise
        there = ", ".join(map(str, sorted(self._folders()))) or "none"
        raise CheckpointNotFoundError(f"{self.root}: there is no step {step}", hint=f"there are: {there}")

    def _folders(self) -> dict[int, Path]:
        """Find the folder of each step; while a step is being replaced that is the old one."""
        found: dict[int, Path] = {}
        with told_as_storage_error(self.root, "cannot list the checkpoints"):
            names = os.listdir(self.root) if self.root.is_dir() else []
        for name in names:
            match = _STEP.fullmatch(name)
            if match and name.startswith(".") == bool(match[2]) and not (match[2] and int(match[1]) in found):
                found[int(match[1])] = self.root / name
        return found

    def _infos(self, *skipped: type[MLException]) -> builtins.list[CheckpointInfo]:
        found = []
        for _, folder in sorted(self._folders().items()):
            with suppress(*skipped):
                found.append(read_manifest(folder))
        return found

    def _best_first(self) -> builtins.list[int]:
        infos = self.list()
        recorded = [info.best_metric for info in infos if info.best_metric]
        metric = self.keep.best[0] if self.keep.best else next(reversed(recorded), None)
        if infos and metric is None:
            raise UsageError(
                f"{self.root}: no metric says which checkpoint is best",
                hint="open the store with keep=Keep(best=('roc_auc', 1)) or load 'latest'",
            )
        having = ranked(infos, metric or "")
        if infos and not having:
            raise CheckpointNotFoundError(
                f"{self.root}: no checkpoint has the metric {metric!r}", hint="save it with metrics={...}"
            )
        return [info.step for info in having]

    def _pass_over(self, step: int, error: CheckpointCorrupt) -> None:
        aside = self._set_aside(Path(error.context["checkpoint"]))
        where = f"; set aside as {aside.name}" if aside else ""
        warnings.warn(f"step {step} is passed over: {error.message}{where}", CheckpointSkippedWarning, stacklevel=3)

    def _stays_damaged(self, folder: Path) -> bool:
        """Look again while nobody can be replacing it."""
        try:
            with exclusive(self.root / STORE_LOCK):
                return folder.exists() and _what_is_wrong(folder) is not None
        except StorageError:  # a folder that we may only read
            return True

    def _set_aside(self, folder: Path) -> Path | None:
        """Rename a damaged checkpoint, unless another process has mended it or we may not write here."""
        try:
            with exclusive(self.root / STORE_LOCK), told_as_storage_error(folder, "cannot set aside"):
                if _what_is_wrong(folder) is None:
                    return None
                name = f"corrupt-{folder.name.strip('.')}"
                tries = (folder.with_name(f"{name}-{number}" if number else name) for number in range(10_000))
                aside = next(each for each in tries if not each.exists())
                folder.rename(aside)
                sync_folder(self.root)
                return aside
        except StorageError:
            return None


def _what_is_wrong(folder: Path) -> str | None:
    try:
        verified(folder, with_model=False)
    except CheckpointCorrupt as error:
        return str(error.context["why"])
    except CheckpointNotFoundError:
        return "it is gone"
    return None


def _newest_whole(infos: list[CheckpointInfo], *, known_whole: int | None) -> int | None:
    for info in reversed(infos):
        if info.step == known_whole or _what_is_wrong(info.path) is None:
            return info.step
    return None
