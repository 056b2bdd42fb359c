"""A broken disk for a test, which notices when it was never met.

Rule: a fault that struck nothing proves nothing, so that the block then fails.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from groundwork.testing._faults import failing, full_disk, separate_disks, short_writes
from groundwork.testing._system_calls import Call, Hook, system_calls


class FaultFs:
    """Breaks the file-changing calls of this process, each for the time of a ``with`` block.

    Each gives the calls that the block made, in order.
    """

    def full(self, free_bytes: int = 0) -> AbstractContextManager[list[Call]]:
        """Fill the disk: writes succeed until so many bytes are taken, and fail with ENOSPC from then on."""
        return _broken(lambda: full_disk(free_bytes), f"a disk with {free_bytes} bytes left")

    def fail(
        self, *names: str, error: int = errno.EIO, at: int = 1, lasting: bool = False
    ) -> AbstractContextManager[list[Call]]:
        """Let system calls fail, as ``fail("fsync")``; the rest as for ``failing``."""
        what = f"{errno.errorcode.get(error, error)} at {' or '.join(names)}, arrival {at}"
        return _broken(lambda: failing(*names, error=error, at=at, lasting=lasting), what)

    def short_writes(self, limit: int) -> AbstractContextManager[list[Call]]:
        """Let every write take at most so many bytes."""
        return _broken(lambda: short_writes(limit), f"writes of at most {limit} bytes")

    def separate_disks(self) -> AbstractContextManager[list[Call]]:
        """Let no file be moved from one folder to another."""
        return _broken(separate_disks, "folders on disks of their own")


@contextmanager
def _broken(make: Callable[[], Hook], what: str) -> Iterator[list[Call]]:
    hook, struck = make(), 0

    def seen(call: Call) -> int | None:
        nonlocal struck
        try:
            limit = hook(call)
        except OSError:
            struck += 1
            raise
        struck += limit is not None and limit < call.size
        return limit

    with system_calls(seen) as calls:
        yield calls
    if not struck:
        made = ", ".join(call.name for call in calls) or "none"
        raise AssertionError(f"{what}: it never struck; the calls were: {made}")
