"""The calls that wait for a batch, in the order in which they came.

Rule: first come, first served; what does not fit is not overtaken. Cost: constant for each call that comes, is taken or
leaves, since one that leaves keeps its place until it is passed over or swept out with many others.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from groundwork.concurrency._group import Group

Slices: TypeAlias = list[tuple[Group[Any, Any], int, int]]
"""Whose items a batch holds: the call, the place of its first item taken, and how many."""

_SWEEP_AT = 64


class GroupQueue:
    """Calls whose items wait.

    Attributes:
        rows: How many rows wait.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._groups: deque[Group[Any, Any]] = deque()
        self._gone = 0

    def __len__(self) -> int:
        return len(self._groups) - self._gone

    def append(self, group: Group[Any, Any]) -> None:
        """Take a call in; it has at least one row."""
        self._groups.append(group)
        self.rows += group.rows

    def leave(self, group: Group[Any, Any]) -> None:
        """Give up the rows that a call which has ended still has here.

        Args:
            group: The call; ``done`` is None already.
        """
        self.rows -= group.rows
        group.rows = 0
        self._gone += 1
        if self._gone >= _SWEEP_AT and 2 * self._gone > len(self._groups):
            self._groups = deque(group for group in self._groups if group.done is not None)
            self._gone = 0

    def take(self, room: int, now: float) -> tuple[list[Any], Slices, list[Group[Any, Any]]]:
        """Take the items of a batch.

        Args:
            room: Most rows.
            now: The loop's time.

        Returns:
            The items; whose they are; and the calls met on the way whose deadline has passed or whose task was
            cancelled: they wait here no longer, but have not been told.
        """
        batch: list[Any] = []
        slices: Slices = []
        over: list[Group[Any, Any]] = []
        groups, before = self._groups, room
        while groups and room:
            group = groups[0]
            if group.done is None:
                self._gone -= 1
            elif group.deadline <= now or (group.future is not None and group.future.done()):
                self.rows -= group.rows
                group.rows = 0
                over.append(group)
            else:
                start, items, rows = group.taken, group.items, group.rows
                if rows <= room and not start:
                    group.taken, group.rows = len(items), 0
                else:
                    items, rows = group.take(room)
                room -= rows
                if rows:
                    batch += items
                    slices.append((group, start, len(items)))
                if group.rows:
                    break
            groups.popleft()
        self.rows -= before - room
        return batch, slices, over

    def all(self) -> Sequence[Group[Any, Any]]:
        """Return the calls that wait."""
        return [group for group in self._groups if group.done is not None]
