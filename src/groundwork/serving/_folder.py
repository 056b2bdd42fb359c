"""Where a model lies on disk, and whether it is still the same one.

Rule: a path means one checkpoint, the newest of a store of checkpoints, or one file; ``Latest`` asks anew each time.
What lies there counts as new when its place, its manifest or its file has changed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

_MANIFEST = "manifest.json"


class Latest:
    """A model on disk whose place is found anew each time it is looked for.

    Args:
        find: Returns a path as ``create_app`` takes it, as the checkpoint of the latest run.
    """

    def __init__(self, find: Callable[[], str | Path]) -> None:
        self.find = find


OnDisk: TypeAlias = str | Path | Latest
Identity: TypeAlias = tuple[str, int, int, int]


def locate(model: OnDisk) -> Path:
    """Return the checkpoint folder or file that a path means now.

    Args:
        model: A checkpoint folder, the folder of a ``CheckpointStore``, a file, or ``Latest``.

    Returns:
        The folder or file; of a store that of the newest checkpoint.

    Raises:
        StorageError: The store cannot be read.
    """
    path = Path(model.find() if isinstance(model, Latest) else model)
    if path.is_file() or (path / _MANIFEST).is_file() or not any(path.glob("step-*")):
        return path
    # Late, because a server of other models needs none of it.
    from groundwork.storage import CheckpointStore

    return Path(CheckpointStore(path).info("latest").path)


def identity(model: OnDisk) -> Identity:
    """Return what changes when another model lies there.

    Args:
        model: As for ``locate``.

    Returns:
        The place, and number, time and size of the file that tells one model from the next.

    Raises:
        StorageError: The store cannot be read.
        OSError: There is nothing, or it cannot be read.
    """
    path = locate(model)
    told = path if path.is_file() else path / _MANIFEST
    stat = told.stat()
    return str(path.resolve()), stat.st_ino, stat.st_mtime_ns, stat.st_size
