"""The first row of each hash, for as many as memory allows.

Rule: the table never grows beyond its bound; what no longer fits is told, not forgotten.
Open addressing with linear probing, whole batches at a time: a batch takes as many rounds as its longest probe.
Memory: 24 bytes a slot, at most half of which are taken; while it grows, half as much again.
"""

import numpy as np
import numpy.typing as npt

from groundwork.data._row_hash import Words

Rows = npt.NDArray[np.int64]

_SLOT_BYTES = 24
_SMALLEST = 1 << 16


class FirstRows:
    """Hashes with the number of the row at which each came first.

    Args:
        memory_bytes: What the table may take.
    """

    def __init__(self, memory_bytes: int) -> None:
        slots = max(memory_bytes // _SLOT_BYTES, 0)
        self._most = 1 << slots.bit_length() - 1 if slots else 0
        self._taken = 0
        self._full = False
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
        while 2 * (self._taken + len(one)) > self._slots < self._most:
            self._grow()
        # For good: what was turned away once must not be taken for new when a smaller batch would fit.
        self._full = self._full or 2 * (self._taken + len(one)) > self._slots
        new = None if self._full else np.arange(start + 1, start + 1 + len(one), dtype=np.int64)
        return self._settle(one, two, new) - 1

    def _make(self, slots: int) -> None:
        self._slots = slots
        # Vectors of their own: numpy gathers from them many times faster than from rows of a matrix.
        self._one, self._two = np.zeros(slots, np.uint64), np.zeros(slots, np.uint64)
        self._row = np.zeros(slots, np.int64)  # counted from 1; 0 is a free slot

    def _grow(self) -> None:
        taken = np.flatnonzero(self._row)
        one, two, row = self._one[taken], self._two[taken], self._row[taken]
        self._make(self._slots * 2)
        self._taken = 0
        self._settle(one, two, row)

    def _settle(self, one: Words, two: Words, new: Rows | None) -> Rows:
        """Give the rows of all hashes, counted from 1; the new ones get theirs, or 0."""
        if not self._slots:
            return np.zeros(len(one), np.int64)
        slot = (one & np.uint64(self._slots - 1)).view(np.int64)
        row, done = self._looked_up(slot, one, two)
        found = np.where(done, row, 0)
        left = np.flatnonzero(~done)
        while len(left):
            at = slot[left]
            if new is not None:
                self._place(at, left, one, two, new)
            row, done = self._looked_up(at, one[left], two[left])
            found[left[done]] = row[done]
            # Free where nothing may be placed: the hash is not known.
            on = ~done & (row != 0)
            left = left[on]
            slot[left] = (at[on] + 1) & (self._slots - 1)
        return found

    def _looked_up(self, slot: Rows, one: Words, two: Words) -> tuple[Rows, npt.NDArray[np.bool_]]:
        row = self._row[slot]
        return row, (self._one[slot] == one) & (self._two[slot] == two) & (row != 0)

    def _place(self, at: Rows, left: Rows, one: Words, two: Words, new: Rows) -> None:
        # Backwards, for of several values for one index numpy keeps the last: the first row wins.
        free = np.flatnonzero(self._row[at] == 0)[::-1]
        slots, rows = at[free], left[free]
        self._row[slots], self._one[slots], self._two[slots] = new[rows], one[rows], two[rows]
        self._taken += int(np.count_nonzero(self._row[slots] == new[rows]))
