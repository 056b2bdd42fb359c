"""Drawing rows, or whole groups of rows, with replacement.

Rule: a draw is a vector of counts, one a unit, so that whoever uses it need not copy rows; some thousand draws of a few
rows are made at once, and one at a time of many. Cost: 5 ns a row and draw.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from groundwork.errors import InvalidDataError
from groundwork.modeling.evaluation._checked import Floats, Integers

# Counts of one go, which then stay in the cache of a core.
_AT_ONCE = 1 << 16
_BLOCKS = 200


class Units(NamedTuple):
    """What is drawn: rows, or groups of rows."""

    number: int
    of_row: Integers | None

    def draws(self, rng: np.random.Generator, samples: int) -> Iterator[Floats]:
        """Draw as many units as there are, again and again.

        Args:
            rng: Source of the draws.
            samples: How many times.

        Returns:
            Counts of each unit, shape (some, number), until there are ``samples``.
        """
        step = max(1, _AT_ONCE // self.number)
        for begin in range(0, samples, step):
            many = min(step, samples - begin)
            chosen = rng.integers(0, self.number, size=(many, self.number))
            chosen += np.arange(many)[:, None] * self.number
            counts = np.bincount(chosen.ravel(), minlength=many * self.number)
            yield counts.reshape(many, self.number).astype(np.float64)

    def without_blocks(self) -> Iterator[Floats]:
        """Leave out one block of units after the other.

        Returns:
            Counts, 0 or 1, shape (some, number), until each of at most 200 blocks was out.
        """
        blocks = min(_BLOCKS, self.number)
        block_of = np.arange(self.number) * blocks // self.number
        step = max(1, _AT_ONCE // self.number)
        for begin in range(0, blocks, step):
            out = np.arange(begin, min(begin + step, blocks))
            yield (block_of != out[:, None]).astype(np.float64)

    def by_row(self, counts: Floats) -> Floats:
        """Turn counts of units to counts of rows.

        Args:
            counts: Shape (some, number).

        Returns:
            Shape (some, n).
        """
        return counts if self.of_row is None else counts[:, self.of_row]


def units_of(rows: int, groups: ArrayLike | None) -> Units:
    """Find what is to be drawn.

    Args:
        rows: How many there are.
        groups: What each row belongs to, shape (rows,), or None.

    Returns:
        The units.

    Raises:
        InvalidDataError: Fewer than two units, a group for fewer or more rows, or a row without a group.
    """
    if groups is None:
        return Units(_at_least_two(rows, "row"), None)
    names = np.asarray(groups)
    if names.shape != (rows,):
        raise InvalidDataError(f"groups {names.shape} must name the group of each of {rows:,} rows")
    if _missing(names):
        raise InvalidDataError("a row belongs to no group", hint="give every row without a group a name of its own")
    found, of_row = np.unique(names.astype(str) if names.dtype == object else names, return_inverse=True)
    return Units(_at_least_two(found.size, "group"), of_row)


def _at_least_two(number: int, what: str) -> int:
    if number < 2:
        these = what if number == 1 else f"{what}s"
        raise InvalidDataError(f"{number} {these}; an interval needs at least 2", hint=f"it tells how {what}s differ")
    return number


def _missing(names: NDArray[Any]) -> bool:
    if names.dtype == object:
        return any(name is None or name != name for name in names)
    return bool((names != names).any())
