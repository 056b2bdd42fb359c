"""The calls that a circuit breaker looks back on.

Rule: what succeeds is only noted; rates are counted when something fails, which is the one time they can rise.
A window of calls takes one step of a counter and one byte written, and no lock; a window of time reads the clock and
takes a lock of its own.
"""

import itertools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from groundwork.errors import ConfigurationError
from groundwork.resilience._clock import Clock

SUCCEEDED: Final = 0
FAILED: Final = 1
SLOW: Final = 2
_EMPTY: Final = 3


class Totals(NamedTuple):
    """What a window holds.

    Attributes:
        calls: Calls that have ended.
        failed: Those that failed.
        slow: Those that succeeded, but slowly.
    """

    calls: int
    failed: int
    slow: int


class Counts(Protocol):
    """The calls of one window, from when it began."""

    def succeed(self) -> None:
        """Note a call that succeeded."""
        ...

    def add(self, outcome: int) -> None:
        """Note a call.

        Args:
            outcome: ``SUCCEEDED``, ``FAILED`` or ``SLOW``.
        """
        ...

    def totals(self) -> Totals:
        """Count."""
        ...


@dataclass(frozen=True, slots=True)
class CountWindow:
    """The last calls, however long ago.

    Attributes:
        size: How many; a byte each, and each failure counts through them (0.1 us for a hundred).
    """

    size: int = 100

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 1:
            raise ConfigurationError(f"CountWindow size={self.size!r} holds no call; give 1 or more")

    def begin(self, clock: Clock) -> Counts:
        """Return an empty window.

        Args:
            clock: Where time comes from; not looked at.
        """
        return _Ring(self.size)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """The calls of the last seconds, however many.

    Attributes:
        span_s: How many seconds.
        buckets: Parts that it is counted in; it forgets one part at a time.
    """

    span_s: float = 60.0
    buckets: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.span_s < math.inf:
            raise ConfigurationError(f"TimeWindow span_s={self.span_s} is no length of time; give seconds above 0")
        if not isinstance(self.buckets, int) or self.buckets < 1:
            raise ConfigurationError(f"TimeWindow buckets={self.buckets!r} holds nothing; give 1 or more")

    def begin(self, clock: Clock) -> Counts:
        """Return an empty window.

        Args:
            clock: Where time comes from.
        """
        return _Buckets(self.span_s / self.buckets, self.buckets, clock.monotonic)


class _Ring:
    __slots__ = ("_outcomes", "_size", "_step")

    def __init__(self, size: int) -> None:
        self._outcomes = bytearray([_EMPTY]) * size
        self._size = size
        # One step in C, so no two threads write to one place until they have gone round.
        self._step = itertools.count().__next__

    def succeed(self) -> None:
        self._outcomes[self._step() % self._size] = SUCCEEDED

    def add(self, outcome: int) -> None:
        self._outcomes[self._step() % self._size] = outcome

    def totals(self) -> Totals:
        outcomes = self._outcomes
        return Totals(self._size - outcomes.count(_EMPTY), outcomes.count(FAILED), outcomes.count(SLOW))


class _Buckets:
    __slots__ = ("_calls", "_failed", "_limit", "_lock", "_now", "_number", "_slow", "_width_s")

    def __init__(self, width_s: float, buckets: int, now: Callable[[], float]) -> None:
        self._width_s = width_s
        self._limit = buckets
        self._now = now
        self._lock = threading.Lock()
        self._number = int(now() // width_s)
        self._calls, self._failed, self._slow = [0] * buckets, [0] * buckets, [0] * buckets

    def succeed(self) -> None:
        number = self._now() // self._width_s
        with self._lock:
            if number > self._number:
                self._turn(int(number))
            self._calls[0] += 1

    def add(self, outcome: int) -> None:
        number = self._now() // self._width_s
        with self._lock:
            self._turn(int(number))
            self._calls[0] += 1
            self._failed[0] += outcome == FAILED
            self._slow[0] += outcome == SLOW

    def totals(self) -> Totals:
        number = self._now() // self._width_s
        with self._lock:
            self._turn(int(number))
            return Totals(sum(self._calls), sum(self._failed), sum(self._slow))

    def _turn(self, number: int) -> None:
        """Bring the bucket of this time to the front; one that was read late, by another thread, stays where it is."""
        passed = min(number - self._number, self._limit)
        if passed > 0:
            self._number = number
            for counts in (self._calls, self._failed, self._slow):
                counts[:] = [0] * passed + counts[: self._limit - passed]
