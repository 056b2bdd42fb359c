"""Forks of this process, so many at once, each with a time and a folder of its own.

Rule: a fork answers by how it ended; it leads a process group of its own, which is killed whole when it has ended or is
late. It never returns into the code that forked it, and does not outlive its parent where the system can see to that.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MEMORY_BYTES = 4 << 30
"""A fork may take so much more memory than its parent had."""

_PAUSE_S = 0.003
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class _Running:
    key: str
    begin_s: float
    end_s: float
    folder: str


class Forks:
    """Runs functions in forks.

    Args:
        folder: Where each gets a folder of its own.
        jobs: How many at once.
        note: Told of each that has ended: its key, its exit code (None if it was late), and the seconds it took.
    """

    def __init__(self, folder: str, jobs: int, note: Callable[[str, int | None, float], None]) -> None:
        self._folder = folder
        self._jobs = jobs
        self._note = note
        self._running: dict[int, _Running] = {}

    def start(self, key: str, limit_s: float, work: Callable[[Path], int]) -> None:
        """Fork; waits for one of those before if there are as many as may be.

        Args:
            key: Names it.
            limit_s: Seconds that it has.
            work: Called in the fork with its folder; returns its exit code, and 1 is that of any exception.
        """
        while len(self._running) >= self._jobs:
            self._reap()
        folder = tempfile.mkdtemp(dir=self._folder)
        pid = os.fork()
        if not pid:
            _become(work, Path(folder))
        now = time.monotonic()
        self._running[pid] = _Running(key, now, now + limit_s, folder)

    def wait(self) -> None:
        """Wait for all of them."""
        while self._running:
            self._reap()

    def kill(self) -> None:
        """End those that run."""
        for pid in self._running:
            _kill(pid)

    def _reap(self) -> None:
        pid, status = os.waitpid(-1, os.WNOHANG)
        code: int | None = None
        if pid:
            if pid not in self._running:
                return  # somebody else's
            code = os.waitstatus_to_exitcode(status)
        else:
            late = [each for each, running in self._running.items() if time.monotonic() > running.end_s]
            if not late:
                time.sleep(_PAUSE_S)
                return
            pid = late[0]
            _kill(pid)
            os.waitpid(pid, 0)
        running = self._running.pop(pid)
        _kill_group(pid)  # what it has left
        shutil.rmtree(running.folder, ignore_errors=True)
        self._note(running.key, code, time.monotonic() - running.begin_s)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, even if that was killed; Linux only."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _become(work: Callable[[Path], int], folder: Path) -> None:
    code = 1
    try:
        os.setsid()
        die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        _bound_memory()
        code = work(folder)
    finally:
        os._exit(code)  # whatever was raised: the fork must not go on as its parent


def _bound_memory() -> None:
    # A loop that never ends often keeps what it makes; ten seconds of that are more than most machines have.
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _kill(pid: int) -> None:
    _kill_group(pid)
    os.kill(pid, signal.SIGKILL)  # not yet waited for, so the number is still its own


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
