"""How fast slots come free while all are taken.

Rule: only time in which every slot is taken counts, since idle time says nothing of how long a caller would wait.
Cost: one look at the clock when the last slot is taken, and one when the first comes free again.
"""

from collections.abc import Callable

_MEMORY_S = 60.0


class Pace:
    """Counts slots that come free against time; for use under its owner's lock.

    Args:
        monotonic: The time.
    """

    __slots__ = ("_began_s", "_busy_s", "_freed", "_monotonic")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began_s = 0.0
        self._busy_s = 0.0
        self._freed = 0.0

    def begin(self) -> None:
        """Note that the last slot was taken."""
        self._began_s = self._monotonic()

    def count(self) -> None:
        """Note that a slot came free."""
        self._freed += 1

    def end(self) -> None:
        """Note that a slot is free and nobody wants it."""
        self._busy_s += self._monotonic() - self._began_s
        # What was long ago fades.
        if self._busy_s > _MEMORY_S:
            self._busy_s /= 2
            self._freed /= 2

    def seconds_a_slot(self) -> float | None:
        """Return the mean time from one slot to the next, or None before the first; only while all are taken."""
        if not self._freed:
            return None
        return (self._busy_s + self._monotonic() - self._began_s) / self._freed
