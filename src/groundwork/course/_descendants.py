"""The processes that come from a process, and their end.

Rule: at the end none is left: those of its group, those below it in the tree, and those that carry its mark in their
environment. Where there is no ``/proc`` only the group is known. Cost: some 50 microseconds a process.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
MARK = "GROUNDWORK_LEARNER"


def descendants(pid: int) -> list[int]:
    """List the processes below one.

    Args:
        pid: Of the one.

    Returns:
        Their ids; empty where the system does not tell.
    """
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            threads = os.listdir(f"/proc/{parent}/task")
        except OSError:
            continue
        for thread in threads:
            with suppress(OSError), open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as file:
                children = [int(child) for child in file.read().split()]
                found += children
                waiting += children
    return found


def peak_address_space(pid: int) -> int:
    """Tell the most address space that a process ever had.

    Args:
        pid: The process.

    Returns:
        Bytes; 0 where it has ended or the system does not tell.
    """
    with suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("VmPeak:"):
                return int(line.split()[1]) * 1024
    return 0


def end_group(pid: int) -> None:
    """Kill a process and its group.

    Args:
        pid: Of the process that leads the group.
    """
    if sys.platform != "win32":
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)


def end_children(limit_s: float = 2.0) -> None:
    """Kill all that is below this process, and take it away.

    Args:
        limit_s: Seconds after which it gives up; a process in the kernel may take its time.
    """
    if sys.platform == "win32":
        return
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        for pid in descendants(os.getpid()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def end_marked(mark: str) -> None:
    """Kill every process that has the mark in its environment, wherever it went.

    Args:
        mark: Its value.
    """
    if sys.platform != "linux":
        return
    wanted = f"{MARK}={mark}".encode()
    for _ in range(3):  # one may have started another meanwhile
        found = [pid for pid in _processes() if wanted in _environment(pid)]
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _processes() -> list[int]:
    return [int(name) for name in os.listdir(_PROC) if name.isdecimal() and int(name) != os.getpid()]


def _environment(pid: int) -> list[bytes]:
    with suppress(OSError):
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return []
