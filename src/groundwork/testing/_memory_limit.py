"""A bound on the memory that a block may hold at its peak.

Rule: it is measured by the system and counts resident bytes over those held at the start, also of compiled extensions.
Cost: a file of the kernel read before and after; nothing in between. Memory that was freed earlier and kept by the
allocator costs a block nothing; so give what is to be found some megabytes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from groundwork.errors import UsageError
from groundwork.testing._processes import peak_memory_bytes

_RESET = Path("/proc/self/clear_refs")


@contextmanager
def memory_limit(limit_bytes: int) -> Iterator[None]:
    """Fail if the block held more memory than allowed.

    On Linux the peak is that of the block. Elsewhere the system knows only the highest peak of the process so far, and
    a block is seen that goes beyond it.

    Args:
        limit_bytes: How much more than at the start.

    Yields:
        Nothing.

    Raises:
        AssertionError: It held more; the message has both numbers.
        UsageError: The limit is negative, or the system does not tell (Windows).
    """
    if limit_bytes < 0:
        raise UsageError(f"a memory limit cannot be {limit_bytes} bytes; give 0 or more")
    if sys.platform == "win32":
        raise UsageError(
            "memory_limit cannot measure on Windows", hint="mark the test: skipif(sys.platform == 'win32')"
        )
    with suppress(OSError):  # the kernel may refuse, or have no such file: then the peak so far stays
        _RESET.write_text("5", "ascii")  # the peak becomes what is held now
    before = peak_memory_bytes()
    yield
    held = peak_memory_bytes() - before
    if held > limit_bytes:
        raise AssertionError(f"the block held {_mb(held)} at its peak; allowed are {_mb(limit_bytes)}")


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
