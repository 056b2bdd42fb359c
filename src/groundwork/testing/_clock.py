"""A clock that a test owns.

Rule: time moves only when the test advances it or when the code under test sleeps; no real second passes.
Cost: a sleep is an addition, an asynchronous one a timer of a virtual loop or a few turns of any other.
"""

import heapq
import itertools
import math

from groundwork.errors import UsageError


class VirtualClock:
    """A ``resilience.Clock`` whose time is a number.

    For one thread and one event loop. A blocking sleep moves the time at once and returns. Asynchronous sleepers
    wake in the order of their deadlines, and two tasks that sleep five seconds side by side take five seconds
    together, not ten. Under ``run_virtual`` that holds for ``asyncio.sleep`` and ``asyncio.timeout`` as well; on
    another loop a task must get from one sleep to the next within one turn of the loop to be seen in time.

    Args:
        start_s: The time at which the clock starts.

    Attributes:
        sleeps: Every duration asked for, in order; what a test of a backoff looks at.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._sleepers: list[tuple[float, int]] = []
        self._order = itertools.count()
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """Return the current virtual time.

        Returns:
            Seconds since an arbitrary start; never falls.
        """
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move the time forward.

        Args:
            seconds: By how much; not negative, not infinite.

        Raises:
            UsageError: The time would fall or stop being a number.
        """
        self._now_s += _duration(seconds)

    def advance_to(self, at_s: float) -> None:
        """Move the time forward to a moment; a moment that has passed changes nothing.

        Args:
            at_s: The moment, as ``monotonic`` counts.

        Raises:
            UsageError: It is not a finite number.
        """
        if not math.isfinite(at_s):
            raise UsageError(f"a clock cannot show {at_s} s; pass a finite number of seconds")
        self._now_s = max(self._now_s, at_s)

    def sleep(self, seconds: float) -> None:
        """Sleep without waiting: record the duration and move the time.

        Args:
            seconds: How long.

        Raises:
            UsageError: The duration is negative or infinite.
        """
        self.sleeps.append(seconds)
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Sleep as a task among others: give them their turn, then wake at the deadline.

        Args:
            seconds: How long.

        Raises:
            UsageError: The duration is negative or infinite, or the virtual loop that runs has another clock.
        """
        import asyncio  # 40 ms to import; synchronous tests never pay it

        self.sleeps.append(seconds)
        of_loop = getattr(asyncio.get_running_loop(), "clock", None)
        if of_loop is self:
            await asyncio.sleep(_duration(seconds))
            return
        if isinstance(of_loop, VirtualClock):
            raise UsageError("this clock is not the one of the loop", hint="give run_virtual(..., clock=) this one")
        entry = (self._now_s + _duration(seconds), next(self._order))
        heapq.heappush(self._sleepers, entry)
        try:
            await asyncio.sleep(0)
            while self._now_s < entry[0] and self._sleepers[0] != entry:  # noqa: ASYNC110 - the turn is the point
                await asyncio.sleep(0)
        finally:
            self._sleepers.remove(entry)
            heapq.heapify(self._sleepers)
        self._now_s = max(self._now_s, entry[0])


def _duration(seconds: float) -> float:
    if not (math.isfinite(seconds) and seconds >= 0):
        raise UsageError(f"a clock cannot move by {seconds} s; pass a finite number of seconds, zero or more")
    return seconds
