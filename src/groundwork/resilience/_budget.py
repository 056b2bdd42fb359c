"""How many retries there may be, over all calls together.

Rule: retries stay a fixed share of first attempts, so that clients of a service that is down do not keep it down.
A call that succeeds costs one step of a counter; time is looked at, and the lock taken, only when a retry is asked for.
"""

import itertools
import math
import threading
from collections.abc import Callable

from groundwork.resilience import _arguments as arguments
from groundwork.resilience._clock import Clock, SystemClock


class RetryBudget:
    """An allowance of retries that callers, threads and policies share.

    Each first attempt earns ``ratio`` of a retry, whether it succeeds or not; each retry spends one. At the default,
    calls in a full outage come to 1.2 times the first attempts, where three attempts each would be 3 times. Callers
    that make few calls get ``min_per_s`` retries a second instead, when that is more. What is earned and not spent
    fades within ``memory_s``, so a quiet hour does not pay for a storm.

    This is Finagle's budget rather than the AWS SDKs' (500 tokens, 14 a retry, returned by successes): theirs falls to
    no retries at all while nothing succeeds, so that a caller with little traffic cannot retry for the rest of an
    outage, and it writes to shared state at each success. Two things differ from Finagle: ``min_per_s`` is a floor, not
    added, so that the ratio is a bound; and the memory is 2 s, not 10, since what is saved up is spent as a burst.

    The floor is each budget's own: 2,000 processes with one each may together retry 2,000 times ``min_per_s`` a second.

    Args:
        ratio: Retries for each first attempt, 0 or more.
        min_per_s: Retries a second that are always allowed, 0 or more.
        memory_s: How long what was earned stays to be spent, in seconds.
        clock: Where time comes from; the system's if None.

    Attributes:
        deposit: Call it once for each first attempt; it takes nothing, and what it returns means nothing.

    Raises:
        ConfigurationError: A value that cannot work.

    Source:
        Finagle, "RetryBudget", Twitter 2015.
    """

    __slots__ = (
        "_at_s",
        "_clock",
        "_earned",
        "_floor",
        "_lock",
        "_memory_s",
        "_min_per_s",
        "_ratio",
        "_seen",
        "deposit",
    )

    def __init__(
        self, ratio: float = 0.2, min_per_s: float = 10.0, *, memory_s: float = 2.0, clock: Clock | None = None
    ) -> None:
        arguments.number("retry budget ratio", ratio)
        arguments.number("retry budget min_per_s", min_per_s)
        arguments.number("retry budget memory_s", memory_s, above=True)
        arguments.clock("retry budget", clock)
        self._ratio, self._min_per_s, self._memory_s = ratio, min_per_s, memory_s
        self._clock: Clock = SystemClock() if clock is None else clock
        self._lock = threading.Lock()
        # One step in C: nothing to lock, and no thread's count is lost.
        self.deposit: Callable[[], int] = itertools.count().__next__
        self._seen = 0
        self._at_s = self._clock.monotonic()
        # As after a calm of any length, so that the first call of a process may be retried.
        self._earned, self._floor = 0.0, min_per_s * memory_s

    def withdraw(self) -> bool:
        """Ask for one retry.

        Returns:
            Whether it is granted; if so it is spent.
        """
        with self._lock:
            self._earn()
            granted = max(self._earned, self._floor) >= 1
            if granted:
                # Both pay, or the floor would come on top of the ratio.
                self._earned, self._floor = max(0.0, self._earned - 1), max(0.0, self._floor - 1)
            return granted

    def balance(self) -> float:
        """Return how many retries could be made at this instant."""
        with self._lock:
            self._earn()
            return max(self._earned, self._floor)

    def _earn(self) -> None:
        """Let both allowances grow by their rate and fade with the memory, over the time since the last look."""
        calls = self.deposit() - self._seen
        self._seen += calls + 1  # this look was a step of the counter too
        now_s = self._clock.monotonic()
        elapsed, self._at_s = (now_s - self._at_s) / self._memory_s, now_s
        faded = -math.expm1(-elapsed)  # 1 - exp(-elapsed), exact also for the shortest times
        # What came in evenly over the time fades from when it came: the integral of exp(-t), over its length.
        fresh = faded / elapsed if elapsed > 0 else 1.0
        self._earned += self._ratio * calls * fresh - self._earned * faded
        self._floor += (self._min_per_s * self._memory_s - self._floor) * faded
