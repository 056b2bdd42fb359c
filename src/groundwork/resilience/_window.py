"""The calls that a circuit breaker looks back on.

Rule: what succeeds is only noted; rates are counted when something fails, which is the one time they can rise.
So a success costs one step of a counter, in a window of time also one look at the clock, and no lock.
"""

import operator
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from groundwork.resilience import _arguments as arguments
from groundwork.resilience._clock import Clock

FAILED: Final = "failed"
SLOW: Final = "slow"


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

    @property
    def succeed(self) -> Callable[[], object]:
        """Notes a call that succeeded."""
        ...

    def add(self, outcome: str) -> Totals:
        """Note a call that did not, and count.

        Args:
            outcome: ``FAILED`` or ``SLOW``.
        """
        ...

    def totals(self) -> Totals:
        """Count."""
        ...


@dataclass(frozen=True, slots=True)
class CountWindow:
    """The last calls, however long ago.

    Attributes:
        size: How many.
    """

    size: int = 100

    def __post_init__(self) -> None:
        arguments.count("CountWindow size", self.size)

    def begin(self, clock: Clock) -> Counts:
        """Return an empty window.

        Args:
            clock: Where time comes from; not looked at.
        """
        return _LastCalls(self.size)


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
        arguments.number("TimeWindow span_s", self.span_s, above=True)
        arguments.count("TimeWindow buckets", self.buckets)

    def begin(self, clock: Clock) -> Counts:
        """Return an empty window.

        Args:
            clock: Where time comes from.
        """
        return _LastSeconds(self.span_s / self.buckets, self.buckets, clock.monotonic)


class _Steps:
    """A count that goes up by one C call, which no other thread can come between, and that can be read."""

    __slots__ = ("_numbers", "step")

    def __init__(self) -> None:
        self._numbers = iter(range(sys.maxsize))
        self.step: Callable[[], int] = self._numbers.__next__

    def taken(self) -> int:
        return sys.maxsize - operator.length_hint(self._numbers)


class _LastCalls:
    """Where failures stand in the row of calls; those in between succeeded."""

    __slots__ = ("_bad", "_failed", "_lock", "_size", "_slow", "_steps", "succeed")

    def __init__(self, size: int) -> None:
        self._size = size
        self._steps = _Steps()
        self.succeed = self._steps.step
        self._lock = threading.Lock()
        self._bad: deque[tuple[int, str]] = deque()
        self._failed = self._slow = 0

    def add(self, outcome: str) -> Totals:
        with self._lock:
            self._bad.append((self._steps.step(), outcome))
            self._count(outcome, 1)
            return self._totals()

    def totals(self) -> Totals:
        with self._lock:
            return self._totals()

    def _totals(self) -> Totals:
        calls = self._steps.taken()
        while self._bad and self._bad[0][0] < calls - self._size:
            self._count(self._bad.popleft()[1], -1)
        return Totals(min(calls, self._size), self._failed, self._slow)

    def _count(self, outcome: str, change: int) -> None:
        if outcome == FAILED:
            self._failed += change
        else:
            self._slow += change


class _LastSeconds:
    """For each part of the time: how many calls had ended before it, and how many failed in it; the newest last."""

    __slots__ = ("_before", "_buckets", "_failed", "_lock", "_now", "_number", "_over_s", "_slow", "_steps", "_width_s")

    def __init__(self, width_s: float, buckets: int, now: Callable[[], float]) -> None:
        self._width_s = width_s
        self._buckets = buckets
        self._now = now
        self._lock = threading.Lock()
        self._steps = _Steps()
        self._number = int(now() // width_s) - 1
        self._over_s = 0.0
        self._before: deque[int] = deque(maxlen=buckets)
        self._failed: deque[int] = deque(maxlen=buckets)
        self._slow: deque[int] = deque(maxlen=buckets)
        self.totals()

    def succeed(self) -> None:
        if self._now() >= self._over_s:
            self.totals()
        self._steps.step()

    def add(self, outcome: str) -> Totals:
        with self._lock:
            self._turn()
            self._steps.step()
            (self._failed if outcome == FAILED else self._slow)[-1] += 1
            return self._totals()

    def totals(self) -> Totals:
        with self._lock:
            self._turn()
            return self._totals()

    def _totals(self) -> Totals:
        return Totals(self._steps.taken() - self._before[0], sum(self._failed), sum(self._slow))

    def _turn(self) -> None:
        number = int(self._now() // self._width_s)
        for _ in range(min(number - self._number, self._buckets)):
            self._before.append(self._steps.taken())
            self._failed.append(0)
            self._slow.append(0)
        self._number = max(number, self._number)
        self._over_s = (self._number + 1) * self._width_s
