"""Checks of the machine: cores, memory, disk, open files.

Rule: what a container may use counts, not what its host has. Nothing here needs more than a small file.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from groundwork.environment._finding import Finding, Severity
from groundwork.environment._subject import Subject

_GIB = 1 << 30
_MEMORY_WANTED = 2 * _GIB
_DISK_WANTED = 2 * _GIB
_DISK_NEEDED = _GIB // 4
_FILES_WANTED = 1024
_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")


def usable_cores() -> float:
    """Return how many cores this process may use.

    Returns:
        Cores; a container's share may be a fraction.
    """
    cores: float = os.cpu_count() or 1
    if sys.platform != "win32" and hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    quota = _words(_CGROUP / "cpu.max")
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, int(quota[0]) / int(quota[1]))
    return cores


def check_cores(subject: Subject) -> Iterator[Finding]:
    """Judge the number of cores.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    cores = usable_cores()
    if cores < 2:
        yield Finding("cores", "warning", f"{cores:g} usable", "2 or more", "expect training to take longer")
    else:
        yield Finding("cores", "ok", f"{cores:g} usable")


def usable_memory() -> tuple[int, int] | None:
    """Return the memory that this process may use.

    Returns:
        Bytes in all and bytes available, or None where the system does not tell.
    """
    known = {line[0].rstrip(":"): int(line[1]) * 1024 for line in _rows(_MEMINFO) if len(line) > 1}
    if "MemTotal" in known:
        total, available = known["MemTotal"], known.get("MemAvailable", known["MemTotal"])
    elif sys.platform == "win32":
        return None
    else:
        try:
            total = available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, OSError, ValueError):
            return None
    limit, used = _words(_CGROUP / "memory.max"), _words(_CGROUP / "memory.current")
    if limit and limit[0].isdigit():
        total = min(total, int(limit[0]))
        available = min(available, max(0, int(limit[0]) - (int(used[0]) if used else 0)))
    return total, available


def check_memory(subject: Subject) -> Iterator[Finding]:
    """Judge the free memory.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    memory = usable_memory()
    if memory is None:
        yield Finding("memory", "ok", "this system does not tell")
        return
    found = f"{_gib(memory[1])} available of {_gib(memory[0])}"
    if memory[1] < _MEMORY_WANTED:
        yield Finding("memory", "warning", found, f"{_gib(_MEMORY_WANTED)} available", "close other programs")
    else:
        yield Finding("memory", "ok", found)


def check_disk(subject: Subject) -> Iterator[Finding]:
    """Judge the free disk space where the project lies.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    free = shutil.disk_usage(subject.workdir).free
    found = f"{_gib(free)} free in {subject.workdir}"
    if free >= _DISK_WANTED:
        yield Finding("disk", "ok", found)
    else:
        severity: Severity = "error" if free < _DISK_NEEDED else "warning"
        yield Finding("disk", severity, found, f"{_gib(_DISK_WANTED)} free", "free some space")


def check_open_files(subject: Subject) -> Iterator[Finding]:
    """Judge how many files and connections a process may hold open.

    Args:
        subject: The environment.

    Yields:
        One finding.
    """
    if sys.platform == "win32":
        yield Finding("open-files", "ok", "no limit of that kind on this system")
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        yield Finding("open-files", "ok", "no limit")
    elif soft >= _FILES_WANTED:
        yield Finding("open-files", "ok", f"{soft} at most")
    else:
        most = hard if 0 < hard < 4096 else 4096
        yield Finding("open-files", "warning", f"{soft} at most", f"{_FILES_WANTED} or more", f"ulimit -n {most}")


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"


def _words(path: Path) -> list[str]:
    rows = _rows(path)
    return rows[0] if rows else []


def _rows(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError:
        return []
