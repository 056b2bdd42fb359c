"""Hooks for ``system_calls``: the faults that disks have."""

import errno
import os

from groundwork.testing._system_calls import Call, Hook, Inode


def failing(*names: str, error: int, at: int = 1, lasting: bool = False, spare: Inode | None = None) -> Hook:
    """Make a system call fail.

    Args:
        names: Which calls, as ``"fsync", "fdatasync"``.
        error: The ``errno`` it fails with.
        at: Which of these calls is the first to fail, counted from 1.
        lasting: Whether all later ones fail as well; else only that one.
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


def full_disk(free_bytes: int) -> Hook:
    """Let writes succeed until the disk is full: the last one takes what fits, and all later ones fail.

    Args:
        free_bytes: The room that is left.

    Returns:
        The hook.
    """
    left = free_bytes

    def hook(call: Call) -> int | None:
        nonlocal left
        if call.name != "write" or call.size == 0:
            return None
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = min(left, call.size)
        left -= taken
        return taken

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


def separate_disks() -> Hook:
    """Let no file be moved from one folder to another (EXDEV), as if each were a disk of its own.

    Returns:
        The hook.
    """

    def hook(call: Call) -> None:
        across = os.path.dirname(call.path) != os.path.dirname(call.target)
        if call.name in ("rename", "replace", "link") and across:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), call.path)

    return hook
