"""Which checkpoint of a store is meant.

Rule: a step is that step or an error; of "latest" and "best" it is the first that is whole, and each that was passed
over is named in a warning and set aside.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, UsageError
from groundwork.storage._manifest import CheckpointInfo, read_manifest
from groundwork.storage._retention import ranked
from groundwork.storage._store_folder import at_step, set_aside, step_folders, verify_checkpoint

T = TypeVar("T")


class CheckpointSkippedWarning(UserWarning):
    """A damaged checkpoint was passed over; the message says which and why."""


def sound_infos(root: Path) -> list[CheckpointInfo]:
    """Read the manifests of a store.

    Args:
        root: The store.

    Returns:
        Those that are sound, by step.

    Raises:
        VersionSkew: A newer groundwork wrote one of them.
        StorageError: The store cannot be read.
    """
    found = []
    for step in sorted(step_folders(root)):
        with suppress(CheckpointCorrupt, CheckpointNotFoundError):
            found.append(at_step(root, step, read_manifest))
    return found


def verified_steps(root: Path, progress: Callable[[int, int], None] | None = None) -> dict[int, str | None]:
    """Compare every checkpoint of a store with its manifest.

    Args:
        root: The store.
        progress: Called after each checkpoint with how many have been compared, and of how many.

    Returns:
        By step: None if it is whole, else what is wrong with it.

    Raises:
        VersionSkew: A newer groundwork wrote one of them.
        StorageError: A file cannot be read.
    """
    found: dict[int, str | None] = {}
    steps = sorted(step_folders(root))
    for number, step in enumerate(steps, 1):
        try:
            found[step] = at_step(root, step, verify_checkpoint)
        except CheckpointNotFoundError:  # pruned meanwhile
            continue
        finally:
            if progress is not None:
                progress(number, len(steps))
    return found


def first_whole(root: Path, which: str | int, metric: str | None, read: Callable[[Path], T]) -> T:
    """Read the checkpoint that is meant.

    Args:
        root: The store.
        which: ``"latest"``, ``"best"`` or a step.
        metric: What "best" goes by; if None, the metric recorded last.
        read: Takes its folder.

    Returns:
        What ``read`` returned.

    Raises:
        CheckpointNotFoundError: There is none, or not of that step.
        CheckpointCorrupt: The step asked for, or every one, is damaged.
        UsageError: ``which`` is none of these.
    """
    if isinstance(which, int):
        return _exactly(root, which, read)
    damaged: CheckpointCorrupt | None = None
    for step in order(root, which, metric):
        try:
            return at_step(root, step, read)
        except CheckpointNotFoundError:  # another process has pruned it meanwhile
            continue
        except CheckpointCorrupt as error:
            damaged = error
            _pass_over(root, step, error)
    if damaged is None:
        raise CheckpointNotFoundError(f"{root}: there is no checkpoint", hint="train first, or check the path")
    raise CheckpointCorrupt(
        f"{root}: no checkpoint verifies; the last one tried: {damaged.message}",
        hint="restore one of the corrupt-… folders from a copy, or train anew",
    )


def order(root: Path, which: str, metric: str | None) -> list[int]:
    """Put the steps of a store in the order in which they would do.

    Args:
        root: The store.
        which: ``"latest"`` or ``"best"``.
        metric: What "best" goes by; if None, the metric recorded last.

    Returns:
        The steps, the one that is meant first.

    Raises:
        CheckpointNotFoundError: None has the metric.
        UsageError: ``which`` is neither, or no metric is known.
    """
    if which == "latest":
        return sorted(step_folders(root), reverse=True)
    if which != "best":
        raise UsageError(f"{which!r} is no checkpoint", hint="use 'latest', 'best' or a step")
    infos = sound_infos(root)
    metric = metric or next((info.best_metric for info in reversed(infos) if info.best_metric), None)
    if infos and metric is None:
        raise UsageError(
            f"{root}: no metric says which checkpoint is best",
            hint="open the store with keep=Keep(best=('roc_auc', 1)), or take 'latest'",
        )
    having = ranked(infos, metric or "")
    if infos and not having:
        raise CheckpointNotFoundError(
            f"{root}: no checkpoint has the metric {metric!r}", hint="save it with metrics={...}"
        )
    return [info.step for info in having]


def _exactly(root: Path, step: int, read: Callable[[Path], T]) -> T:
    try:
        return at_step(root, step, read)
    except CheckpointCorrupt as error:
        whole = next((each for each, wrong in reversed(verified_steps(root).items()) if wrong is None), None)
        error.hint = f"load step {whole}, the newest that verifies" if whole is not None else "train anew"
        raise


def _pass_over(root: Path, step: int, error: CheckpointCorrupt) -> None:
    aside = set_aside(root, Path(error.context["checkpoint"]))
    where = f"; set aside as {aside.name}" if aside else ""
    # The warning points at the caller of the store's method.
    warnings.warn(f"step {step} is passed over: {error.message}{where}", CheckpointSkippedWarning, stacklevel=4)
