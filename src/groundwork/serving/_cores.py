"""How many cores this process may plan with.

Rule: what a container or an affinity leaves this process counts, not what the machine has; servers that share it by
plan share its cores too. Cost: a system call and a small file.
"""

from groundwork.environment import usable_cores

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
    return max(1, int(usable_cores()) // _sharers)
