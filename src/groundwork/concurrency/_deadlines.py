"""The deadlines of all who wait, on one timer.

Rule: the loop has at most one timer, set to the earliest deadline. Cost: a heap entry per call; entries of calls that
have ended are swept out whenever the heap has doubled, so it stays in proportion to those that wait.
"""

import asyncio
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
        self._heap: list[tuple[float, int, Group[Any, Any]]] = []
        self._number = 0
        self._sweep_at = _SWEEP_AT
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf

    def add(self, group: Group[Any, Any], at: float) -> None:
        """Watch a call.

        Args:
            group: The call.
            at: Its deadline, in the loop's time.
        """
        group.deadline = at
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        self._number += 1
        heappush(self._heap, (at, self._number, group))
        if at < self._timer_at:
            self._set(at)

    def close(self) -> None:
        """Watch nothing any more."""
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
        heap = self._heap
        while heap and (heap[0][0] <= now or heap[0][2].done is None):
            self._expire(heappop(heap)[2])
        if heap and heap[0][0] < self._timer_at:
            self._set(heap[0][0])

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2].done is not None]
        heapify(self._heap)
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._heap))
