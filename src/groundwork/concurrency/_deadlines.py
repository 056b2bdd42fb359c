"""The deadlines of all who wait, on one timer.

Rule: the loop has at most one timer, set to the earliest deadline. Cost: most calls allow the same time, so that their
deadlines come in order and a deque holds them; only one that comes out of order costs a heap entry. What has ended is
swept out as batches finish, so both stay in proportion to those that wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any

from groundwork.concurrency._group import Group

_SWEEP_AT = 256


class Deadlines:
    """Says when a call's time is up.

    Args:
        loop: Whose timers, and whose time.
        expire: Called with each call whose deadline passed before it ended.
        context: What the timer runs in.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, expire: Callable[[Group[Any, Any]], None], context: Context
    ) -> None:
        self._loop = loop
        self._expire = expire
        self._context = context
        self._line: deque[Group[Any, Any]] = deque()
        self._last = -inf
        self._heap: list[tuple[float, int, Group[Any, Any]]] = []
        self._number = 0
        self._sweep_at = _SWEEP_AT
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf

    def __len__(self) -> int:
        return len(self._line) + len(self._heap)

    def add(self, group: Group[Any, Any], at: float) -> None:
        """Watch a call.

        Args:
            group: The call.
            at: Its deadline, in the loop's time.
        """
        group.deadline = at
        if at >= self._last:
            self._last = at
            self._line.append(group)
        else:
            self._number += 1
            heappush(self._heap, (at, self._number, group))
        if at < self._timer_at:
            self._set(at)

    def sweep(self) -> None:
        """Forget calls that have ended: the oldest at once, all others when they may have become many."""
        line = self._line
        while line and line[0].done is None:
            line.popleft()
        if not line:
            self._last = -inf
        if len(self) > self._sweep_at:
            self._line = deque(group for group in line if group.done is not None)
            self._heap = [entry for entry in self._heap if entry[2].done is not None]
            heapify(self._heap)
            self._sweep_at = max(_SWEEP_AT, 2 * len(self))

    def close(self) -> None:
        """Watch nothing any more."""
        self._line.clear()
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._fire, context=self._context)

    def _fire(self) -> None:
        # A loop's clock may tick more coarsely than its timers: what the timer was set to has passed in any case.
        now = max(self._loop.time(), self._timer_at)
        self._timer, self._timer_at = None, inf
        line, heap = self._line, self._heap
        due = []
        while line and (line[0].deadline <= now or line[0].done is None):
            due.append(line.popleft())
        while heap and (heap[0][0] <= now or heap[0][2].done is None):
            due.append(heappop(heap)[2])
        nearest = min(line[0].deadline if line else inf, heap[0][0] if heap else inf)
        if nearest < inf:
            self._set(nearest)
        for group in due:
            self._expire(group)
