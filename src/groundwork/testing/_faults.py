"""Hooks for ``system_calls``: the faults that disks have."""

import os

from groundwork.testing._system_calls import Call, Hook, Inode


def failing(*names: str, error: int, at: int = 1, lasting: bool = False, spare: Inode | None = None) -> Hook:
    """Make a system call fail.

    Args:
        names: Which calls, as ``"fsync", "fdatasync"``.
        error: The ``errno`` it fails with.
        at: Which of these calls is the first to fail, counted from 1.
        lasting: Whether all later ones fail as well, as on a full disk; else only that one.
        spare: A file or folder whose calls are neither counted nor failed.

    Returns:
        The hook.
    """
    seen = 0

    def hook(call: Call) -> None:
        nonlocal seen
        if call.name not in names or (spare is not None and call.inode == spare):
            return
        seen += 1
        if seen == at or (lasting and seen > at):
            raise OSError(error, os.strerror(error), call.path or None)

    return hook


def short_writes(limit: int) -> Hook:
    """Let every write take at most so many bytes, as signals, pipes, quotas and network disks do.

    Args:
        limit: The most bytes that one write takes.

    Returns:
        The hook.
    """

    def hook(call: Call) -> int | None:
        return limit if call.name == "write" and call.size > limit else None

    return hook


def other_device(error: int) -> Hook:
    """Let no file be moved from one folder to another, as if each were a disk of its own.

    Args:
        error: ``errno.EXDEV``.

    Returns:
        The hook.
    """

    def hook(call: Call) -> None:
        across = os.path.dirname(call.path) != os.path.dirname(call.target)
        if call.name in ("rename", "replace", "link") and across:
            raise OSError(error, os.strerror(error), call.path)

    return hook
