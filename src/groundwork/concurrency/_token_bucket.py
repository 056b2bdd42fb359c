"""A rate that holds, and a queue that is fair.

Rule: over any t seconds at most ``burst + rate_per_s * t`` tokens are given out, and whoever comes first is served
first: a large request is not starved by small ones, and a newcomer never takes what somebody waits for. Cost: a bucket
is one number, the time at which it will be full; taking costs a look at the clock. Of those who wait only the first
sleeps, and leaving the queue is constant work.
"""

import asyncio
import math
from collections import OrderedDict

from groundwork.concurrency._arguments import check_number
from groundwork.errors import UsageError
from groundwork.resilience import Clock, SystemClock

# A clock's last digits: a sleep may end that much early, and nobody should go back to sleep for it.
_TICK_S = 1e-9


class TokenBucket:
    """Lets so many through a second, and so many at once after a pause; full at first.

    For one event loop.

    Args:
        rate_per_s: Tokens that come in each second.
        burst: Most tokens that can be saved up, and so the most that one call can ask for.
        clock: Where time comes from; the system's if None.

    Raises:
        ConfigurationError: A number that is not above 0, or not finite.
    """

    __slots__ = ("_burst", "_clock", "_full_at", "_rate_per_s", "_waiters", "_wanted")

    def __init__(self, rate_per_s: float, burst: float, *, clock: Clock | None = None) -> None:
        for name, value in (("rate_per_s", rate_per_s), ("burst", burst)):
            check_number(name, value, above=True)
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock: Clock = clock or SystemClock()
        self._full_at = -math.inf
        # Made by the first that waits; most buckets of a server never see one.
        self._waiters: OrderedDict[asyncio.Future[None], float] | None = None
        self._wanted = 0.0

    @property
    def waiting(self) -> int:
        """How many wait in ``acquire``."""
        return len(self._waiters) if self._waiters else 0

    async def acquire(self, n: float = 1) -> None:
        """Take tokens, waiting until they are there and everybody who came before has theirs.

        A caller that is cancelled leaves the queue with nothing taken; those behind it move up.

        Args:
            n: How many, at most ``burst``.

        Raises:
            UsageError: More than the bucket can ever hold, or not above 0.
        """
        if self.try_acquire(n) == 0.0:
            return
        if self._waiters is None:
            self._waiters = OrderedDict()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        first = not self._waiters
        self._waiters[turn] = n
        self._wanted += n
        try:
            if not first:
                await turn
            while (seconds := self._missing_s(n)) > 0.0:
                await self._clock.sleep_async(seconds)
            self._take(n)
        finally:
            self._leave(turn)

    def try_acquire(self, n: float = 1) -> float:
        """Take tokens if they are there and nobody waits.

        Args:
            n: How many, at most ``burst``.

        Returns:
            0.0 if they were taken; else in how many seconds they will be there, and nothing was taken.

        Raises:
            UsageError: More than the bucket can ever hold, or not above 0.
        """
        seconds = self.retry_after_s(n)
        if seconds == 0.0:
            self._take(n)
        return seconds

    def retry_after_s(self, n: float = 1) -> float:
        """Say in how many seconds tokens would be there for a newcomer, without taking any.

        Args:
            n: How many, at most ``burst``.

        Returns:
            Seconds, those who wait being served first; 0.0 means now.

        Raises:
            UsageError: More than the bucket can ever hold, or not above 0.
        """
        if not isinstance(n, int | float) or not 0 < n <= self._burst:
            raise UsageError(
                f"{n!r} tokens were asked of a bucket that holds {self._burst}",
                hint="Ask for more than 0 and at most the burst, or make the burst larger.",
            )
        return self._missing_s(n + self._wanted) if self._wanted else self._missing_s(n)

    def _missing_s(self, n: float) -> float:
        now = self._clock.monotonic()
        seconds = max(self._full_at, now) - now + (n - self._burst) / self._rate_per_s
        return seconds if seconds > _TICK_S else 0.0

    def _take(self, n: float) -> None:
        self._full_at = max(self._full_at, self._clock.monotonic()) + n / self._rate_per_s

    def _leave(self, turn: "asyncio.Future[None]") -> None:
        assert self._waiters is not None
        self._wanted -= self._waiters.pop(turn)
        if not self._waiters:
            # Exactly, whatever the fractions that were asked for have left.
            self._wanted = 0.0
            return
        head = next(iter(self._waiters))
        if not head.done():
            head.set_result(None)
