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


def bucket_pairs(rows: Rows, keys: Hashes, contents: Hashes, joined: Components | None) -> Iterator[tuple[Rows, Rows]]:
    """Yield arrays of pairs, round by round: the first row of each bucket with all others, then the second, ….

    Args:
        rows: The rows that take part.
        keys: Of every row there is.
        contents: Of every row: what orders a bucket.
        joined: Groups whose rows need no more pairs; the caller may join rows between two rounds.
    """
    order = rows[np.lexsort((contents[rows], keys[rows]))]
    ordered = keys[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(order) else order
    sizes = np.diff(np.append(begins, len(order)))
    begins, sizes = begins[sizes > 1], sizes[sizes > 1]
    for centre in range(MOST_CENTRES):
        open_ = sizes > centre + 1
        begins, sizes = begins[open_], sizes[open_]
        if joined is not None and len(begins):
            several = _several_groups(joined.find(order[_ranges(begins, sizes)]), sizes)
            begins, sizes = begins[several], sizes[several]
        if not len(begins):
            return
        others = sizes - centre - 1
        left = np.repeat(order[begins + centre], others)
        right = order[_ranges(begins + centre + 1, others)]
        if joined is not None:
            apart = joined.find(left) != joined.find(right)
            left, right = left[apart], right[apart]
        if len(left):
            yield np.minimum(left, right), np.maximum(left, right)


def _several_groups(groups: Rows, sizes: Rows) -> npt.NDArray[np.bool_]:
    begins = np.cumsum(sizes) - sizes
    apart: npt.NDArray[np.bool_] = np.minimum.reduceat(groups, begins) != np.maximum.reduceat(groups, begins)
    return apart


def _ranges(begins: Rows, sizes: Rows) -> Rows:
    """Return the numbers from each begin on, size many, one range after the other."""
    total = int(sizes.sum())
    numbers: Rows = np.arange(total) + np.repeat(begins - (np.cumsum(sizes) - sizes), sizes)
    return numbers
