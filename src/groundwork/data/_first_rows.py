"""The first row of each hash, for as many as memory allows.

Rule: the table never grows beyond its bound; what no longer fits is told, not forgotten.
Open addressing with linear probing, whole batches at a time: a batch takes as many rounds as its longest probe. The
slots hold numbers only, and the hashes stand in the order in which they came: what repeats in the order of its first
time is looked up in memory that the processor has at hand.
Memory: 4 bytes a slot and 24 a hash, at most one for four slots; while it grows, half as much again.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from groundwork.data._row_hash import Words

Rows = npt.NDArray[np.int64]
_Entries = npt.NDArray[np.int32]
_Values = TypeVar("_Values", Words, Rows)

# One slot in four is taken at most: probes stay short, and so does the number of rounds.
_SPARE = 4
_SLOT_BYTES = 4 + 24 // _SPARE
_SMALLEST = 1 << 16
_MOST = 1 << 31


class FirstRows:
    """Hashes with the number of the row at which each came first.

    Args:
        memory_bytes: What the table may take.
    """

    def __init__(self, memory_bytes: int) -> None:
        slots = min(max(memory_bytes // _SLOT_BYTES, 0), _MOST)
        self._most = 1 << slots.bit_length() - 1 if slots else 0
        self._taken = 0
        self._full = False
        # Counted from 1, rows and entries alike; entry 0 is that of a free slot.
        self._one, self._two, self._row = np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.int64)
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
        while _SPARE * (self._taken + len(one)) > self._slots < self._most:
            self._grow()
        # For good: what was turned away once must not be taken for new when a smaller batch would fit.
        self._full = self._full or _SPARE * (self._taken + len(one)) > self._slots
        new = None if self._full else np.arange(start + 1, start + 1 + len(one), dtype=np.int64)
        return self._settle(one, two, new) - 1

    def _make(self, slots: int) -> None:
        self._slots = slots
        self._entry: _Entries = np.zeros(slots, np.int32)
        entries = 1 + slots // _SPARE
        self._one, self._two = _longer(self._one, entries), _longer(self._two, entries)
        self._row = _longer(self._row, entries)

    def _grow(self) -> None:
        self._make(self._slots * 2)
        left = np.arange(1, self._taken + 1, dtype=np.int32)
        at = self._first_slot(self._one[left])
        while len(left):
            free = self._entry[at] == 0
            self._entry[at[free]] = left[free]
            on = self._entry[at] != left
            left, at = left[on], (at[on] + 1) & (self._slots - 1)

    def _settle(self, one: Words, two: Words, new: Rows | None) -> Rows:
        """Give the rows of all hashes, counted from 1; the new ones get theirs, or 0."""
        if not self._slots:
            return np.zeros(len(one), np.int64)
        slot = self._first_slot(one)
        entry, done = self._looked_up(slot, one, two)
        found = self._row[entry]
        left = np.flatnonzero(~done)
        while len(left):
            at = slot[left]
            if new is not None:
                self._place(at, left, one, two, new)
            entry, done = self._looked_up(at, one[left], two[left])
            found[left] = np.where(done, self._row[entry], 0)
            # Free where nothing may be placed: the hash is not known.
            on = ~done & (entry != 0)
            left = left[on]
            slot[left] = (at[on] + 1) & (self._slots - 1)
        return found

    def _first_slot(self, one: Words) -> Rows:
        return (one & np.uint64(self._slots - 1)).view(np.int64)

    def _looked_up(self, slot: Rows, one: Words, two: Words) -> tuple[_Entries, npt.NDArray[np.bool_]]:
        entry = self._entry[slot]
        return entry, (self._one[entry] == one) & (self._two[entry] == two) & (entry != 0)

    def _place(self, at: Rows, left: Rows, one: Words, two: Words, new: Rows) -> None:
        free = np.flatnonzero(self._entry[at] == 0)
        slots, rows = at[free], left[free]
        asked = np.arange(1, len(free) + 1, dtype=np.int32)
        # Backwards, for of several values for one index numpy keeps the last: the first row wins.
        self._entry[slots[::-1]] = asked[::-1]
        won = self._entry[slots] == asked
        slots, rows = slots[won], rows[won]
        entries = slice(self._taken + 1, self._taken + 1 + len(rows))
        self._entry[slots] = np.arange(entries.start, entries.stop, dtype=np.int32)
        self._one[entries], self._two[entries], self._row[entries] = one[rows], two[rows], new[rows]
        self._taken += len(rows)


def _longer(values: _Values, length: int) -> _Values:
    longer = np.zeros(length, values.dtype)
    longer[: len(values)] = values
    return longer
