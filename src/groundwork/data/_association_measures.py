"""How strongly numbers and yes-or-no answers go together, in ways that hold on rows that were not looked at.

Rule: what chance brings in four standard deviations counts as nothing, and a fit is judged by the half of the rows that
it has not seen. No randomness but a draw that is always the same.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

_BINS = 64
_PRIOR_ROWS = 5.0
_DEVIATIONS = 4.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


def ranked(values: Floats) -> Floats:
    """Rank values, ties by their mean.

    Args:
        values: The values.

    Returns:
        The ranks, from 1.
    """
    ranks: Floats = pl.Series(values).rank().to_numpy()
    return ranks


def drawn_half(rows: int) -> Bools:
    """Choose half of the rows.

    Args:
        rows: How many there are.

    Returns:
        True for each that is in it.
    """
    # Drawn, not every second row: rows may take turns. Always the same draw, whose first two rows fall to either side.
    half: Bools = np.random.Generator(np.random.PCG64(0)).random(rows) < 0.5
    return half


def auc(ranks: Floats, positive: Bools) -> float:
    """Tell how well an order parts yes from no.

    Args:
        ranks: Rank of each row.
        positive: Which rows are a yes.

    Returns:
        max(AUC, 1 - AUC); a half where chance may do as much, 0 where all rows are one.
    """
    yes = float(positive.sum())
    no = len(positive) - yes
    if not yes or not no:
        return 0.0
    return beyond_chance((float(ranks[positive].sum()) - yes * (yes + 1) / 2) / (yes * no), positive)


def beyond_chance(area: float, positive: Bools) -> float:
    """Take from an area what chance may bring.

    Args:
        area: The AUC.
        positive: Which rows are a yes.

    Returns:
        max(AUC, 1 - AUC), or a half.
    """
    yes = float(positive.sum())
    no = len(positive) - yes
    chance = _DEVIATIONS * ((yes + no + 1) / (12 * yes * no)) ** 0.5
    return max(area, 1 - area) if abs(area - 0.5) > chance else 0.5


def correlation(one: Floats, two: Floats) -> float:
    """Correlate two columns.

    Args:
        one: A column.
        two: The other.

    Returns:
        The absolute correlation; 0 where chance may bring it.
    """
    spread = float(one.std() * two.std())
    found = abs(float(np.mean((one - one.mean()) * (two - two.mean())) / spread)) if spread else 0.0
    return found if found > _DEVIATIONS / len(one) ** 0.5 else 0.0


def fitted(values: Floats, fit: Callable[[Bools], Floats]) -> float:
    """Measure a fit on one half of the rows by the other half.

    Args:
        values: The target.
        fit: Foretells it for every row from those marked.

    Returns:
        R, the worse of the two ways round; 0 where chance may bring it.
    """
    half = drawn_half(len(values))
    worst = 1.0
    for learned, told in ((half, ~half), (~half, half)):
        # Numbers near the largest float may overflow; what is not finite then tells nothing.
        with np.errstate(all="ignore"):
            left = float(np.mean((values[told] - fit(learned)[told]) ** 2))
            spread = float(values[told].var())
        share = 1 - left / spread if spread > 0 else 0.0
        worst = min(worst, share if math.isfinite(share) else 0.0)
    found = max(worst, 0.0) ** 0.5
    return found if found > _DEVIATIONS / len(values) ** 0.5 else 0.0


def line(numbers: Floats, values: Floats, rows: Bools) -> Floats:
    """Fit a line.

    Args:
        numbers: The predictor; NaN where there is none.
        values: The target.
        rows: Those that are fitted.

    Returns:
        What the line foretells for every row.
    """
    known = np.isfinite(numbers)
    some = rows & known
    predicted = np.full(len(values), values[rows].mean())
    if some.sum() > 1:
        x, y = numbers[some], values[some]
        middle, spread = x.mean(), float(x.var())
        slope = float(np.mean((x - middle) * (y - y.mean()))) / spread if spread > 0 else 0.0
        predicted[known] = y.mean() + slope * (numbers[known] - middle)
    return predicted


def category_means(codes: Codes, side: Floats, rows: Bools) -> Floats:
    """Fit a mean to each category.

    Args:
        codes: Category of each row, from 0.
        side: The target.
        rows: Those that are fitted.

    Returns:
        Mean by category; rare ones lean to that of all rows.
    """
    size = int(codes.max()) + 1
    sums = np.bincount(codes[rows], weights=side[rows], minlength=size)
    counts = np.bincount(codes[rows], minlength=size)
    # Rare categories lean to the overall mean, else a name that occurs once would look like knowledge.
    means: Floats = (sums + _PRIOR_ROWS * side[rows].mean()) / (counts + _PRIOR_ROWS)
    return means


def binned(numbers: Floats) -> Codes:
    """Cut numbers into bins of like size.

    Args:
        numbers: The numbers; NaN where there is none.

    Returns:
        Bin of each row, from 1; 0 for NaN.
    """
    # Edges are values that occur: between two infinities there is nothing to interpolate.
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1], method="inverted_cdf"))
    return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(edges, numbers)).astype(np.int64)
