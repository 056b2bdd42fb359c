"""How much memory this process has needed."""

import sys


def peak_memory_bytes() -> int | None:
    """Return the largest resident size of this process or of any child it has waited for, so far.

    Returns:
        Bytes; None where the system does not say (Windows).
    """
    if sys.platform == "win32":
        return None
    import resource

    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # Linux counts in KiB, macOS in bytes.
    return largest if sys.platform == "darwin" else largest * 1024
