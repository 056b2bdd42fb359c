"""How many cores this process may plan with.

Rule: servers that share a machine by plan share its cores too.
"""

import os

_sharers = 1


def share_cores(processes: int) -> None:
    """Plan from now on with this process's part of the cores.

    Args:
        processes: How many of them share the machine.
    """
    global _sharers
    _sharers = processes


def cores() -> int:
    """Return how many cores there are for this process, at least one."""
    return max(1, (os.cpu_count() or 1) // _sharers)
