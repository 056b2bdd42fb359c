"""The first row of each hash, for as many as memory allows.

Rule: the table never grows beyond its bound; what no longer fits is told, not forgotten.
Open addressing with linear probing, whole batches at a time: a batch takes as many rounds as its longest probe.
Memory: 24 bytes a slot, at most three in four of which are taken; while it grows, half as much again.
"""

import numpy as np
import numpy.typing as npt

from groundwork.data._row_hash import Words

Rows = npt.NDArray[np.int64]

_SLOT_BYTES = 24
_SMALLEST = 1 << 16
_FREE = -1


class FirstRows:
    """Hashes with the number of the row at which each came first.

    Args:
        memory_bytes: What the table may take.
    """

    def __init__(self, memory_bytes: int) -> None:
        slots = max(memory_bytes // _SLOT_BYTES, 0)
        self._most = 1 << slots.bit_length() - 1 if slots else 0
        self._taken = 0
        self._make(min(_SMALLEST, self._most))

    def add(self, one: Words, two: Words, start: int) -> Rows:
        """Look up the next rows, and take in those that are new while there is room.

        Args:
            one: First lane of their hashes.
            two: Second lane.
            start: Number of the first of them.

        Returns:
            For each the row at which its hash came first, its own number if it is new; -1 where it is not known and
            there is no room.
        """
        while 4 * (self._taken + len(one)) > 3 * self._slots and self._slots < self._most:
            self._grow()
        if 4 * (self._taken + len(one)) <= 3 * self._slots:
            return self._settle(one, two, np.arange(start, start + len(one), dtype=np.int64))
        return self._settle(one, two, None)

    def _make(self, slots: int) -> None:
        self._slots = slots
        self._one, self._two = np.empty(slots, np.uint64), np.empty(slots, np.uint64)
        self._row = np.full(slots, _FREE, np.int64)

    def _grow(self) -> None:
        taken = np.flatnonzero(self._row != _FREE)
        one, two, row = self._one[taken], self._two[taken], self._row[taken]
        self._make(self._slots * 2)
        self._taken = 0
        self._settle(one, two, row)

    def _settle(self, one: Words, two: Words, rows: Rows | None) -> Rows:
        found = np.full(len(one), _FREE, np.int64)
        if not self._slots:
            return found
        last = np.uint64(self._slots - 1)
        left = np.arange(len(one))
        slot = (one & last).astype(np.int64)
        while len(left):
            free = self._row[slot] == _FREE
            if rows is not None and free.any():
                # Backwards, for of several values for one index numpy keeps the last: the first row wins.
                winners, places = left[free][::-1], slot[free][::-1]
                self._row[places] = rows[winners]
                self._one[places], self._two[places] = one[winners], two[winners]
                self._taken += len(np.unique(places))
                free[:] = False
            same = ~free & (self._one[slot] == one[left]) & (self._two[slot] == two[left])
            found[left[same]] = self._row[slot[same]]
            on = ~(same | free)
            left, slot = left[on], (slot[on] + 1) & (self._slots - 1)
        return found
