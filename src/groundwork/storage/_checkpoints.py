"""Checkpoints on a local disk.

Rule: a reader sees the old checkpoint or the new one, never half, and only bytes that are what was saved.
A save builds a hidden folder, syncs every file, writes the manifest last, renames the folder and syncs its parent: one
pass over the bytes and a sync a file. What is damaged is set aside under another name, never deleted.
"""

import builtins
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from groundwork.errors import CheckpointNotFoundError, StorageError, UsageError
from groundwork.storage._building import Building, settle
from groundwork.storage._choice import first_whole, order, sound_infos, verified_steps
from groundwork.storage._export import export_checkpoint, require_outside
from groundwork.storage._loading import Checkpoint, load_checkpoint
from groundwork.storage._manifest import CheckpointInfo, read_manifest
from groundwork.storage._pruning import prune
from groundwork.storage._retention import Keep, require_metric
from groundwork.storage._store_folder import Stray, at_step, find_strays


class CheckpointStore:
    """A folder of checkpoints, one subfolder a step; any number of processes may save, load and prune at once.

    Opening it puts right what dead writers have left behind.

    Args:
        root: The folder; made by the first save.
        keep: How many checkpoints stay after a save.

    Raises:
        UsageError: ``keep`` is no ``Keep``.
    """

    def __init__(self, root: str | os.PathLike[str], *, keep: Keep | None = None) -> None:
        if not (keep is None or isinstance(keep, Keep)):
            raise UsageError(f"keep is {keep!r}; it must be a Keep", hint="write keep=Keep(last=3)")
        self.root = Path(root)
        self.keep = keep or Keep()
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
        fingerprints: Mapping[str, Any] | None = None,
        format: str | None = None,  # noqa: A002 - the manifest's own word
    ) -> CheckpointInfo:
        """Save a model durably, then drop what ``keep`` no longer asks for.

        A step that exists is replaced, whole; of two savers of one step the later wins.

        Args:
            model: A scikit-learn estimator, or a mapping of names to numpy arrays or torch tensors.
            step: 0 or more; the greatest step is the latest.
            metrics: Numbers by name; the one that ``keep.best`` goes by must be among them, but may be NaN.
            metadata: JSON-able facts by name.
            files: Attachments by name: bytes, or the path of a file to copy.
            fingerprints: What the model was made from, as ``{"data": "sha256:…", "code": "…"}``; the environment's is
                added.
            format: ``"joblib"`` or ``"pickle"`` for objects that are neither, which then load with ``trust=True``
                only; None stores arrays as safetensors and estimators with skops.

        Returns:
            The checkpoint as saved.

        Raises:
            UsageError: The model or an argument cannot be stored.
            StorageError: The system refused; earlier checkpoints are untouched. Or it is saved, and one that ``keep``
                drops cannot be deleted: the message says which of the two.
            DurabilityUnknownError: It is in place, but may not survive a power cut.
        """
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise UsageError(f"step is {step!r}; it must be a whole number, 0 or more", hint="count steps from 0")
        require_metric(self.keep, metrics or {}, f"step {step} is saved without")
        building = Building(self.root, step)
        try:
            info = building.fill(
                model,
                metrics or {},
                metadata or {},
                files or {},
                best_metric=self._metric(),
                format=format,
                fingerprints=fingerprints,
            )
            building.publish()
        finally:
            building.close()
        try:
            prune(self.root, self.keep, just_saved=step)
        except StorageError as error:
            raise StorageError(f"step {step} is saved, but older ones cannot be dropped: {error.message}") from error
        return info

    def load(
        self,
        which: str | int = "latest",
        *,
        trust: bool = False,
        allow_version_skew: bool = False,
        verify: Literal["full", "lazy"] = "full",
        same_environment: bool = False,
    ) -> Checkpoint:
        """Load a checkpoint; of ``"latest"`` and ``"best"`` the first that verifies.

        A damaged one is passed over with a ``CheckpointSkippedWarning`` and renamed to ``corrupt-…``.

        Args:
            which: ``"latest"``, ``"best"`` (by ``keep.best``, else by the metric recorded when it was saved) or a step.
            trust: See ``load_checkpoint``.
            allow_version_skew: See ``load_checkpoint``.
            verify: See ``load_checkpoint``.
            same_environment: See ``load_checkpoint``.

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

        def load(folder: Path) -> Checkpoint:
            return load_checkpoint(
                folder,
                trust=trust,
                allow_version_skew=allow_version_skew,
                verify=verify,
                same_environment=same_environment,
            )

        return first_whole(self.root, which, self._metric(), load)

    def export(self, which: str | int, target: str | os.PathLike[str]) -> Path:
        """Copy one checkpoint out of the store, whole and verified; see ``export_checkpoint``.

        Args:
            which: As in ``load``; a damaged ``"latest"`` or ``"best"`` is passed over as there.
            target: A new folder, or a new file that ends in ``.zip``; outside of the store.

        Returns:
            The target.

        Raises:
            CheckpointNotFoundError: There is none, or not of that step.
            CheckpointCorrupt: The step asked for, or every one, is damaged; nothing was exported.
            VersionSkew: A newer groundwork wrote it.
            UsageError: ``which`` or the target is not allowed.
            StorageError: The system refused; nothing was exported.
            DurabilityUnknownError: It is in place, but may not survive a power cut.
        """
        require_outside(Path(target), self.root)
        return first_whole(self.root, which, self._metric(), lambda folder: export_checkpoint(folder, target))

    def info(self, which: str | int = "latest") -> CheckpointInfo:
        """Read one manifest; the files are not looked at.

        Args:
            which: ``"latest"``, ``"best"`` or a step, as in ``load``.

        Returns:
            What the manifest says.

        Raises:
            CheckpointNotFoundError: There is none, or not of that step.
            CheckpointCorrupt: The manifest of the step asked for is damaged.
            VersionSkew: A newer groundwork wrote it.
            StorageError: It cannot be read.
            UsageError: ``which`` is none of these.
        """
        if isinstance(which, int):
            return at_step(self.root, which, read_manifest)
        infos = {info.step: info for info in self.list()}
        for step in order(self.root, which, self._metric()):
            if step in infos:
                return infos[step]
        raise CheckpointNotFoundError(f"{self.root}: there is no checkpoint", hint="train first, or check the path")

    def list(self) -> builtins.list[CheckpointInfo]:
        """Read the manifests.

        Returns:
            The checkpoints with a sound manifest, by step; their files are not looked at (``verify`` does).

        Raises:
            VersionSkew: A newer groundwork wrote one of them.
            StorageError: The folder cannot be read.
        """
        return sound_infos(self.root)

    def verify(self, *, progress: Callable[[int, int], None] | None = None) -> dict[int, str | None]:
        """Compare every file of every checkpoint with its manifest; changes nothing.

        Args:
            progress: Called after each checkpoint with how many have been compared, and of how many.

        Returns:
            By step: None if it is whole, else what is wrong with it.

        Raises:
            VersionSkew: A newer groundwork wrote one of them.
            StorageError: A file cannot be read.
        """
        return verified_steps(self.root, progress)

    def strays(self) -> builtins.list[Stray]:
        """List what lies in the store's folder and is no sound checkpoint; changes nothing.

        Returns:
            What was set aside, is being written, has a damaged manifest, or does not belong there; by name.

        Raises:
            VersionSkew: A newer groundwork wrote one of the checkpoints.
            StorageError: The folder cannot be read.
        """
        return find_strays(self.root)

    def prune(self, *, dry_run: bool = False) -> builtins.list[int]:
        """Delete what ``keep`` does not ask for; the newest that verifies always stays.

        Args:
            dry_run: Only say what would be deleted.

        Returns:
            The steps deleted.

        Raises:
            UsageError: No checkpoint has the metric that ``keep.best`` goes by; nothing was deleted.
            StorageError: A folder could not be deleted.
        """
        return prune(self.root, self.keep, dry_run=dry_run)

    def _metric(self) -> str | None:
        return self.keep.best[0] if self.keep.best else None
