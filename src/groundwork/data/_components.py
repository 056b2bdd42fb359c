"""Rows joined into groups: union-find over arrays.

Rule: a group is named by its first row. Cost: eight bytes a row; joining many pairs at once takes a
few passes over them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """Pairs of rows with their similarities.

    Attributes:
        left: The earlier row of each pair.
        right: The later.
        similarity: Their similarity.
    """

    left: Rows
    right: Rows
    similarity: npt.NDArray[np.float64]


class Components:
    """Groups of rows, each alone at first.

    Args:
        rows: How many there are.
    """

    def __init__(self, rows: int) -> None:
        self._parent = np.arange(rows, dtype=np.int64)

    def find(self, rows: Rows) -> Rows:
        """Return the first row of each one's group.

        Args:
            rows: The rows asked for.
        """
        found = self._parent[rows]
        while not np.array_equal(above := self._parent[found], found):
            found = above
        self._parent[rows] = found
        return found

    def join(self, left: Rows, right: Rows) -> None:
        """Put the rows of each pair into one group.

        Args:
            left: One row of each pair.
            right: The other.
        """
        while len(left):
            left, right = self.find(left), self.find(right)
            apart = left != right
            left, right = np.minimum(left, right)[apart], np.maximum(left, right)[apart]
            # Where one root meets several, one of them wins, and the rest come again.
            self._parent[right] = left

    def first_rows(self) -> Rows:
        """Return for every row the first row of its group."""
        return self.find(np.arange(len(self._parent)))
