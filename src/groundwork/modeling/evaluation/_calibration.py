"""Whether a stated probability is what then happens.

Rule: each bin is told with its count and with how far its observed frequency may be chance; the gap of a bin of three
rows says nothing. Cost: one pass; bins of equal counts want a sort.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from groundwork.errors import ConfigurationError
from groundwork.modeling.evaluation._checked import Floats, checked, need_level
from groundwork.modeling.evaluation._rowwise import bin_of


def evaluate_calibration(
    outcome: ArrayLike,
    probability: ArrayLike,
    *,
    bins: int = 15,
    by: Literal["width", "count"] = "width",
    level: float = 0.95,
    weights: ArrayLike | None = None,
) -> dict[str, Any]:
    """Compare stated probabilities with observed frequencies.

    Args:
        outcome: Observed class, 0 or 1, shape (n,); one class alone is fine.
        probability: Predicted probability of class 1, shape (n,).
        bins: How many.
        by: ``width`` parts [0, 1] evenly, each bin with its lower edge; ``count`` parts the rows evenly, each bin with
            its upper edge, and equal probabilities stay together.
        level: Confidence of the ends of each observed frequency (Wilson, 1927), in (0, 1).
        weights: How many rows each row stands for, shape (n,); one each if None.

    Returns:
        ``error`` (mean absolute gap over the bins, weighted by rows: by width the expected calibration error),
        ``largest_gap``, ``bias`` (mean stated minus mean observed: too sure if positive), ``outside`` (share of rows in
        bins where what was stated lies outside what was observed) and ``bins``: {"low", "high", "rows", "stated",
        "observed", "observed_low", "observed_high"}, empty ones left out.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a probability outside [0, 1], or a negative weight.
        ConfigurationError: No bin, no such way to part, or a level out of range.
    """
    if by not in ("width", "count"):
        raise ConfigurationError(f"there is no way to part by {by!r}", hint="width or count")
    need_level(level)
    positive, stated, weight = checked(outcome, probability, weights=weights, both_classes=False)
    where, edges = bin_of(stated, bins), np.arange(bins + 1) / bins
    if by == "count":
        edges = np.percentile(stated, np.linspace(0, 1, bins + 1) * 100)
        where = np.searchsorted(edges[1:-1], stated, side="left")
    heavy = np.ones(stated.size) if weight is None else weight
    rows, said, seen = (np.bincount(where, each, minlength=bins) for each in (heavy, heavy * stated, heavy * positive))
    met = np.flatnonzero(rows)
    mass: Floats = rows[met].astype(np.float64)
    means, shares = said[met] / mass, seen[met] / mass
    low, high = _wilson(shares, mass, level)
    gaps, part = means - shares, mass / mass.sum()
    columns = {
        "low": edges[met],
        "high": edges[met + 1],
        "rows": mass if weight is not None else mass.astype(np.int64),
        "stated": means,
        "observed": shares,
        "observed_low": low,
        "observed_high": high,
    }
    told = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {
        "error": float(part @ np.abs(gaps)),
        "largest_gap": float(np.abs(gaps).max()),
        "bias": float(part @ gaps),
        "outside": float(part[(means < low) | (means > high)].sum()),
        "bins": [dict(zip(columns, each, strict=True)) for each in told],
    }


def _wilson(observed: Floats, rows: Floats, level: float) -> tuple[Floats, Floats]:
    from statistics import NormalDist  # late: it brings fractions and decimals

    z = NormalDist().inv_cdf((1 + level) / 2)
    shrunk = 1 + z * z / rows
    middle = (observed + z * z / (2 * rows)) / shrunk
    half = z * np.sqrt(observed * (1 - observed) / rows + (z / (2 * rows)) ** 2) / shrunk
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
