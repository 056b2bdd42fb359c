"""Exact Jaccard similarity of rows: shared shingles over all shingles.

Rule: nothing is estimated. Shingles are compared as 51 of their 64 bits, so that a thousand against a thousand are
wrong by one with a probability below 1e-9. Two empty sets are equal. Cost: rows are hashed again, which takes time and
saves memory; at most some 8 MiB of shingles at once, or two rows if they are longer.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._components import Rows
from groundwork.data._shingles import Shingles, text_bytes

_MOST_PAIRS = 4096
_MOST_BYTES = 1 << 20
_SHIFT = np.uint64(51)
_LOW = np.uint64((1 << 51) - 1)


class Jaccard:
    """Similarities of the rows of one table.

    Args:
        texts: The columns compared.
        shingles: How they become sets.
    """

    def __init__(self, texts: pl.DataFrame, shingles: Shingles) -> None:
        self._texts, self._shingles = texts, shingles
        self._bytes = text_bytes(texts)

    def of(self, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
        """Return the similarity of each pair.

        Args:
            left: One row of each pair.
            right: The other.
        """
        parts = [self._some(left[start:stop], right[start:stop]) for start, stop in self._parts(left, right)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _parts(self, left: Rows, right: Rows) -> Iterator[tuple[int, int]]:
        ends = np.cumsum(self._bytes[left] + self._bytes[right])
        start = 0
        while start < len(left):
            before = ends[start - 1] if start else 0
            stop = int(np.searchsorted(ends, before + _MOST_BYTES, side="right"))
            stop = min(max(start + 1, stop), start + _MOST_PAIRS)
            yield start, stop
            start = stop

    def _some(self, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
        rows, places = np.unique(np.concatenate([left, right]), return_inverse=True)
        sets, sizes = self._sets(rows)
        begins = np.cumsum(sizes) - sizes
        taken = sizes[places]
        where = np.arange(int(taken.sum())) + np.repeat(begins[places] - (np.cumsum(taken) - taken), taken)
        pair = np.tile(np.arange(len(left), dtype=np.uint64), 2)
        both = np.sort(sets[where] & _LOW | np.repeat(pair << _SHIFT, taken))
        twice = both[1:][both[1:] == both[:-1]] >> _SHIFT
        shared = np.bincount(twice.astype(np.int64), minlength=len(left))
        together = taken[: len(left)] + taken[len(left) :] - shared
        return np.where(together == 0, 1.0, shared / np.maximum(together, 1))

    def _sets(self, rows: Rows) -> tuple[npt.NDArray[np.uint64], Rows]:
        """Return the sorted set of each row, marked with its place above the shingles' bits, and the sets' sizes."""
        hashes, counts = self._shingles.hashes(self._texts[rows])
        place = np.repeat(np.arange(len(rows), dtype=np.uint64), counts)
        marked = np.sort(hashes >> np.uint64(13) | place << _SHIFT)
        first = np.ones(len(marked), np.bool_)
        first[1:] = marked[1:] != marked[:-1]
        marked = marked[first]
        return marked, np.bincount((marked >> _SHIFT).astype(np.int64), minlength=len(rows))
