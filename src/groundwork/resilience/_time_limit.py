"""The time that a child process has.

Rule: it is the call's own, or what the deadline around it leaves if that is less; whoever waits is told which.
"""

import contextlib
import threading
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess

from groundwork.errors import DeadlineExceeded
from groundwork.resilience._deadline import remaining_s


class TimeLimit:
    """Kills a child when its time is up.

    Args:
        timeout_s: What the call allows, in seconds.
        late: Set when that has run out.

    Attributes:
        killed: Set once the child was killed.
    """

    def __init__(self, timeout_s: float, late: threading.Event | None = None) -> None:
        around_s = remaining_s()
        self.killed = threading.Event()
        self._timeout_s = timeout_s
        self._seconds = timeout_s if around_s is None else min(timeout_s, around_s)
        self._late = late

    @contextlib.contextmanager
    def kills(self, child: SpawnProcess) -> Iterator[None]:
        """Kill a child if the block takes longer.

        Args:
            child: Which.
        """

        def kill() -> None:
            self.killed.set()
            child.kill()

        timer = threading.Timer(min(self._seconds, threading.TIMEOUT_MAX), kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def overrun(self) -> DeadlineExceeded:
        """Return the error of a call that took longer."""
        if self._seconds < self._timeout_s:
            return DeadlineExceeded("no result before the deadline around it")
        if self._late is not None:
            self._late.set()
        return DeadlineExceeded(
            f"no result within {self._timeout_s:g} s; raise the step's timeout_s, or look at why it hangs",
            context={"timeout_s": self._timeout_s},
        )
