"""Deleting the checkpoints that a rule no longer asks for.

Rule: the newest that verifies is never deleted, whatever the rule says. Cost: a manifest each; and one pass over the
newest checkpoint, unless it was saved just now.
"""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, VersionSkew
from groundwork.storage._building import STORE_LOCK, discard
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._lock import exclusive
from groundwork.storage._manifest import CheckpointInfo, read_manifest
from groundwork.storage._retention import Keep, kept_steps, require_metric
from groundwork.storage._store_folder import step_folders, verify_checkpoint


def prune(root: Path, keep: Keep, *, just_saved: int | None = None, dry_run: bool = False) -> list[int]:
    """Delete what a rule does not ask for.

    Args:
        root: The store.
        keep: The rule.
        just_saved: A step that stays, and that is known to be whole.
        dry_run: Only say what would be deleted.

    Returns:
        The steps deleted.

    Raises:
        UsageError: No checkpoint has the metric that the rule keeps the best by; nothing was deleted.
        StorageError: A folder could not be deleted.
    """
    if just_saved is None:  # what was just saved has the metric
        infos = _readable(root)
        if infos:
            require_metric(keep, {name for info in infos for name in info.metrics}, f"{root}: no checkpoint has")
    if len(step_folders(root)) <= keep.last:
        return []
    with nullcontext() if dry_run else exclusive(root / STORE_LOCK):
        surplus = _surplus(root, keep, just_saved)
        for info in () if dry_run else surplus:
            with told_as_storage_error(info.path, "cannot delete the checkpoint"):
                discard(info.path)
    return [info.step for info in surplus]


def _readable(root: Path) -> list[CheckpointInfo]:
    infos = []
    for _, folder in sorted(step_folders(root).items()):
        # What cannot be judged is not deleted either.
        with suppress(CheckpointCorrupt, CheckpointNotFoundError, VersionSkew):
            infos.append(read_manifest(folder))
    return infos


def _surplus(root: Path, keep: Keep, just_saved: int | None) -> list[CheckpointInfo]:
    infos = _readable(root)
    kept = kept_steps(infos, keep) | {just_saved}
    if any(info.step not in kept for info in infos):
        kept.add(_newest_whole(infos, known_whole=just_saved))
    return [info for info in infos if info.step not in kept]


def _newest_whole(infos: Sequence[CheckpointInfo], *, known_whole: int | None) -> int | None:
    for info in reversed(infos):
        with suppress(CheckpointNotFoundError):  # where we may not lock, as in a dry run
            if info.step == known_whole or verify_checkpoint(info.path) is None:
                return info.step
    return None
