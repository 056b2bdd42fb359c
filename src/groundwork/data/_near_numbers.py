"""Rows whose numbers are nearly the same.

Rule: by decimals, two rows are near if they round to the same numbers; by tolerance, if no column differs by more than
it (and a billionth of it, as 0.8 - 0.7 is more than 0.1 in floating point), wherever a border of rounding lies. Missing
is near to missing only, NaN to NaN, an infinity to itself. Cost: by decimals one grouping; by tolerance a grid whose
cells are single groups, so that dense data cost no square, and a k-d tree over the cells that are occupied.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._components import Components, Edges, Rows
from groundwork.data._equal_rows import first_equal
from groundwork.errors import InvalidDataError

_Numbers = npt.NDArray[np.float64]

_SLACK = 1 + 1e-9
# Above this a float's own steps come near the tolerance, and the grid could not tell cells apart.
_FARTHEST = 2.0**40
# Covers what scaling by the tolerance may round away, below the farthest.
_WIDER = 1 + 2.0**-11
_MOST_LISTED = 10_000_000
_SLAB = 1 << 16
_FEW = 1 << 12
_MOST_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class NumbersWish:
    """What makes two rows near.

    Attributes:
        columns: Columns of numbers.
        equal: Columns whose values must be the same.
        decimals: To round to, or None.
        tolerance: Largest difference for each column, above 0; empty with decimals.
    """

    columns: list[str]
    equal: list[str]
    decimals: int | None
    tolerance: list[float]


def numbers_groups(frame: pl.DataFrame, wish: NumbersWish) -> Rows:
    """Return for each row the first row of its group.

    Args:
        frame: The table; its columns have been checked.
        wish: What is near.
    """
    if wish.decimals is not None:
        return _rounded(frame, wish, wish.decimals)
    points = _Points(frame, wish)
    groups = Components(len(points.rows))
    cells = _Cells(points)
    if cells.expected_pairs() <= _MOST_LISTED:
        groups.join(*points.pairs()[:2])
    else:
        groups.join(cells.of_point, cells.first_point)
        for one, other in cells.neighbours():
            cells.link(one, other, groups)
    return points.rows[groups.first_rows()][points.copy_of]


def numbers_pairs(frame: pl.DataFrame, wish: NumbersWish) -> Edges:
    """Return the pairs of near rows; a copy has one, with the first of its kind.

    The similarity is 1 for equal numbers and 0 at the tolerance; by decimals it is always 1.

    Args:
        frame: The table; its columns have been checked.
        wish: What is near.

    Raises:
        InvalidDataError: There are more than some 10 million pairs.
    """
    if wish.decimals is not None:
        return _copies(_rounded(frame, wish, wish.decimals))
    points = _Points(frame, wish)
    found = _Cells(points).expected_pairs()
    if found > _MOST_LISTED:
        raise InvalidDataError(
            f"some {found:,} pairs of rows are within the tolerance of {', '.join(wish.columns)}",
            hint="use near_groups, which needs no pairs, or a smaller tolerance",
        )
    left, right, away = points.pairs()
    copies = _copies(points.rows[points.copy_of])
    return Edges(
        np.concatenate([copies.left, points.rows[left]]),
        np.concatenate([copies.right, points.rows[right]]),
        np.concatenate([copies.similarity, 1 - np.minimum(away, 1)]),
    )


def _copies(first: Rows) -> Edges:
    again = np.flatnonzero(first != np.arange(len(first)))
    return Edges(first[again], again, np.ones(len(again)))


def _rounded(frame: pl.DataFrame, wish: NumbersWish, decimals: int) -> Rows:
    columns = [_round(frame[name], decimals).alias(str(at)) for at, name in enumerate(wish.columns)]
    others = [frame[name].alias(f"equal {at}") for at, name in enumerate(wish.equal)]
    keys = pl.DataFrame([*columns, *others])
    return first_equal(keys, keys.columns)


def _round(values: pl.Series, decimals: int) -> pl.Series:
    if values.dtype.is_integer() and decimals >= 0:
        return values
    numbers = values.cast(pl.Float64).fill_null(0.0).to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(numbers, decimals)
    # A number so large that its rounding overflows has no decimals.
    rounded = np.where(np.isfinite(rounded), rounded, numbers)
    return pl.select(pl.when(values.is_not_null()).then(pl.Series(rounded))).to_series()


class _Points:
    """The distinct rows as points.

    Attributes:
        rows: The first row of each point.
        copy_of: The point of each row of the table.
        values: Coordinates, shape (points, columns); 0 where there is no number.
        block: A number for each point; points of different blocks are never near.
        tolerance: Of each column.
    """

    def __init__(self, frame: pl.DataFrame, wish: NumbersWish) -> None:
        self.tolerance = np.array(wish.tolerance)
        columns: dict[str, pl.Series] = {}
        values = np.empty((frame.height, len(wish.columns)))
        for at, (name, tolerance) in enumerate(zip(wish.columns, wish.tolerance, strict=True)):
            numbers = frame[name].cast(pl.Float64)
            far = ~(numbers.is_finite() & (numbers.abs() <= tolerance * _FARTHEST)).fill_null(value=False)
            # What is no point of a line is near to its like only.
            columns[f"far {at}"] = far
            columns[f"value {at}"] = pl.select(pl.when(far).then(numbers)).to_series()
            values[:, at] = pl.select(pl.when(~far).then(numbers).otherwise(0.0)).to_series().to_numpy()
        columns |= {f"equal {at}": frame[name] for at, name in enumerate(wish.equal)}
        blocks = pl.DataFrame(columns)
        block = np.unique(first_equal(blocks, blocks.columns), return_inverse=True)[1]
        points = pl.DataFrame(values).with_columns(block=pl.Series(block))
        self.rows, self.copy_of = np.unique(first_equal(points, points.columns), return_inverse=True)
        self.values, self.block = values[self.rows], block[self.rows].astype(np.float64)

    def pairs(self) -> tuple[Rows, Rows, _Numbers]:
        """Return the near pairs of points, the earlier first, and their largest difference in tolerances."""
        from scipy.spatial import cKDTree

        tree = cKDTree(np.column_stack([self.block * 4, self.values / self.tolerance]))
        pairs = tree.query_pairs(_WIDER, p=np.inf, output_type="ndarray").astype(np.int64).reshape(-1, 2)
        away = (np.abs(self.values[pairs[:, 0]] - self.values[pairs[:, 1]]) / self.tolerance).max(1)
        near = away <= _SLACK
        return pairs[near].min(1), pairs[near].max(1), away[near]


class _Cells:
    """The occupied cells of a grid a little finer than the tolerance: all points of one are near to each other.

    Attributes:
        of_point: The points, cell by cell.
        first_point: The first point of each one's cell, in the order of `of_point`.
    """

    def __init__(self, points: _Points) -> None:
        width = points.tolerance * (1 - 2.0**-10)
        places = np.column_stack([points.block * 8, np.floor(points.values / width)])
        self.of_point = np.lexsort(places.T[::-1])
        places, ordered = places[self.of_point], points.values[self.of_point]
        new = np.ones(len(places), np.bool_)
        new[1:] = (places[1:] != places[:-1]).any(1)
        self._begins = np.flatnonzero(new)
        self._sizes = np.diff(self._begins, append=len(places))
        self._places = places[self._begins]
        self.first_point = np.repeat(self.of_point[self._begins], self._sizes)
        self._values, self._reach = ordered, points.tolerance * _SLACK
        if len(places):
            self._low = np.minimum.reduceat(ordered, self._begins)
            self._high = np.maximum.reduceat(ordered, self._begins)

    def expected_pairs(self) -> int:
        """Return about how many pairs of points are near: those of one cell, twice for each column."""
        within: int = (self._sizes * (self._sizes - 1) // 2).sum().item()
        return within << len(self._reach)

    def neighbours(self) -> Iterator[tuple[Rows, Rows]]:
        """Yield pairs of cells whose points may be near, a slab of cells at a time."""
        from scipy.spatial import cKDTree

        # The cells are sorted by block, then by the first column.
        start = 0
        while start < len(self._places):
            last = min(start + _SLAB, len(self._places)) - 1
            after = self._places[last + 1 :]
            beyond = (after[:, 0] > self._places[last, 0]) | (after[:, 1] > self._places[last, 1] + 2)
            stop = last + 1 + (int(beyond.argmax()) if beyond.any() else len(after))
            pairs = cKDTree(self._places[start:stop]).query_pairs(2.5, p=np.inf, output_type="ndarray")
            pairs = pairs.astype(np.int64).reshape(-1, 2) + start
            one, other = pairs.min(1), pairs.max(1)
            gap = np.maximum(self._low[one], self._low[other]) - np.minimum(self._high[one], self._high[other])
            near = (gap <= self._reach).all(1) & (one <= last)
            yield one[near], other[near]
            start = last + 1

    def link(self, one: Rows, other: Rows, groups: Components) -> None:
        """Join cells that have a near pair between them.

        Args:
            one: A cell of each pair.
            other: Its neighbour.
            groups: Groups of points.
        """
        work = self._sizes[one] * self._sizes[other]
        order = np.argsort(work, kind="stable")
        one, other, ends = one[order], other[order], np.cumsum(work[order])
        start, few = 0, int(np.searchsorted(work[order], _FEW, side="right"))
        while start < few:
            before = ends[start - 1] if start else 0
            stop = min(few, max(start + 1, int(np.searchsorted(ends, before + _MOST_AT_ONCE, side="right"))))
            self._link_small(*self._apart(one[start:stop], other[start:stop], groups), groups)
            start = stop
        for left, right in zip(*self._apart(one[few:], other[few:], groups), strict=True):
            if len(self._apart(left[None], right[None], groups)[0]) and self._touch(left, right):
                groups.join(self._first(left[None]), self._first(right[None]))

    def _first(self, cells: Rows) -> Rows:
        return self.of_point[self._begins[cells]]

    def _apart(self, one: Rows, other: Rows, groups: Components) -> tuple[Rows, Rows]:
        apart = groups.find(self._first(one)) != groups.find(self._first(other))
        return one[apart], other[apart]

    def _link_small(self, one: Rows, other: Rows, groups: Components) -> None:
        """Compare every point of a cell with every one of its neighbour, all pairs of cells at once."""
        sizes, wide = self._sizes[one], self._sizes[other]
        work = sizes * wide
        turn = np.arange(int(work.sum())) - np.repeat(np.cumsum(work) - work, work)
        wide = np.repeat(wide, work)
        left = np.repeat(self._begins[one], work) + turn // wide
        right = np.repeat(self._begins[other], work) + turn % wide
        near = (np.abs(self._values[left] - self._values[right]) <= self._reach).all(1)
        groups.join(self.of_point[left[near]], self.of_point[right[near]])

    def _touch(self, left: np.int64, right: np.int64) -> bool:
        from scipy.spatial import cKDTree

        one, other = (
            self._values[self._begins[cell] : self._begins[cell] + self._sizes[cell]] / self._reach
            for cell in (left, right)
        )
        away, _ = cKDTree(one).query(other, p=np.inf, distance_upper_bound=1 + 1e-12)
        return bool(np.isfinite(away).any())
