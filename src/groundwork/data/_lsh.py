"""Pairs of rows that share a key.

Rule: of a bucket (the rows of one key) every two rows are a pair, up to 64 rows; in a larger one every row is paired
with the first 64, so that a giant bucket costs its size and not its square. Rows stand in the order of what they hold,
not of the table. Rows that are joined meanwhile are no pair any more. Cost: one sort of the keys.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from groundwork.data._components import Components, Rows
from groundwork.data._shingles import Hashes

MOST_CENTRES = 64


class Buckets:
    """The rows that share a key with another.

    Args:
        rows: The rows that take part.
        keys: Of every row there is.
        contents: Of every row: what orders a bucket.
    """

    def __init__(self, rows: Rows, keys: Hashes, contents: Hashes) -> None:
        rows = rows[_repeated(keys[rows])]
        self._order = rows[np.lexsort((contents[rows], keys[rows]))]
        ordered = keys[self._order]
        new = np.ones(len(ordered), np.bool_)
        new[1:] = ordered[1:] != ordered[:-1]
        self._begins = np.flatnonzero(new)
        self._sizes = np.diff(self._begins, append=len(ordered))

    def beyond(self) -> Rows:
        """Return the rows after the first 64 of their bucket, which are no pair among themselves."""
        giant = self._sizes > MOST_CENTRES
        return self._order[_ranges(self._begins[giant] + MOST_CENTRES, self._sizes[giant] - MOST_CENTRES)]

    def pairs(self, joined: Components | None) -> Iterator[tuple[Rows, Rows]]:
        """Yield arrays of pairs, round by round: the first row of each bucket with all others, then the second, ….

        Args:
            joined: Groups whose rows need no more pairs; the caller may join rows between two rounds.
        """
        begins, sizes = self._begins, self._sizes
        for centre in range(MOST_CENTRES):
            begins, sizes = begins[sizes > centre + 1], sizes[sizes > centre + 1]
            if joined is not None and len(begins):
                several = _several_groups(joined.find(self._order[_ranges(begins, sizes)]), sizes)
                begins, sizes = begins[several], sizes[several]
            if not len(begins):
                return
            others = sizes - centre - 1
            left = np.repeat(self._order[begins + centre], others)
            right = self._order[_ranges(begins + centre + 1, others)]
            if joined is not None:
                apart = joined.find(left) != joined.find(right)
                left, right = left[apart], right[apart]
            if len(left):
                yield np.minimum(left, right), np.maximum(left, right)


def _repeated(keys: Hashes) -> npt.NDArray[np.bool_]:
    """Return which keys occur more than once; sorting values alone is much faster than sorting rows by them."""
    ordered = np.sort(keys)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return np.zeros(len(keys), np.bool_)
    repeated: npt.NDArray[np.bool_] = twice[np.minimum(np.searchsorted(twice, keys), len(twice) - 1)] == keys
    return repeated


def _several_groups(groups: Rows, sizes: Rows) -> npt.NDArray[np.bool_]:
    begins = np.cumsum(sizes) - sizes
    apart: npt.NDArray[np.bool_] = np.minimum.reduceat(groups, begins) != np.maximum.reduceat(groups, begins)
    return apart


def _ranges(begins: Rows, sizes: Rows) -> Rows:
    """Return the numbers from each begin on, size many, one range after the other."""
    total = int(sizes.sum())
    numbers: Rows = np.arange(total) + np.repeat(begins - (np.cumsum(sizes) - sizes), sizes)
    return numbers
