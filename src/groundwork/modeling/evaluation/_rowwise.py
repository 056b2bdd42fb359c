"""What is a sum over the rows: counts at a threshold, losses, and bins of calibration.

Rule: rows are summed block by block and the blocks by an exact sum in their order, so the figures do not depend on the
number of threads. Cost: one pass.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from groundwork.errors import ConfigurationError
from groundwork.modeling.evaluation._blocks import by_blocks
from groundwork.modeling.evaluation._checked import Bools, Floats, Stated

# A certainty that was wrong costs 36, not infinity.
_SMALLEST = float(np.finfo(np.float64).eps)


class RowSums(NamedTuple):
    """Sums over rows of a classification; whole numbers where the rows have no weights."""

    true_negatives: float
    false_positives: float
    false_negatives: float
    true_positives: float
    squared_gap: float
    surprise: float
    bins: tuple[Floats, Floats, Floats]

    @property
    def weight(self) -> float:
        """Of all rows."""
        return self.true_negatives + self.false_positives + self.false_negatives + self.true_positives


def row_sums(stated: Stated, threshold: float, bins: int) -> RowSums:
    """Sum what classification figures need.

    Args:
        stated: Outcomes, probabilities, weights.
        threshold: A row is called positive from this probability on.
        bins: Of calibration.

    Returns:
        The sums; ``bins`` as weight, sum of probabilities and sum of outcomes of each bin.
    """
    found = by_blocks(lambda rows: _block_sums(_part(stated, rows), threshold, bins), stated.positive.size)
    tn, fp, fn, tp, squared, surprise, by_bin = zip(*found, strict=True)
    rows, said, seen = (np.sum(each, axis=0) for each in zip(*by_bin, strict=True))
    add = sum if stated.weights is None else math.fsum
    return RowSums(add(tn), add(fp), add(fn), add(tp), math.fsum(squared), math.fsum(surprise), (rows, said, seen))


def surprise(positive: Bools, probability: Floats) -> Floats:
    """Negative log likelihood of each row; a certainty that was wrong costs 36, not infinity.

    Args:
        positive: Observed, shape (n,).
        probability: Stated, shape (n,).

    Returns:
        Shape (n,), at least 0.
    """
    likelihood = np.where(positive, probability, 1 - probability)
    return -np.log(np.clip(likelihood, _SMALLEST, 1.0, out=likelihood))


def reliability(stated: Stated, bins: int) -> list[dict[str, Any]]:
    """Stated against observed frequency in bins of equal width; empty bins are left out.

    Args:
        stated: Outcomes, probabilities, weights.
        bins: Bin i holds probabilities from i / bins on, and below (i + 1) / bins; the last holds 1.0 too.

    Returns:
        {"low", "high", "rows" (their weight, where rows have weights), "stated", "observed"} of each bin.
    """
    return bins_told(row_sums(stated, 0.5, bins).bins, whole=stated.weights is None)


def bins_told(sums: tuple[Floats, Floats, Floats], *, whole: bool) -> list[dict[str, Any]]:
    """Describe bins by their means.

    Args:
        sums: Weight, sum of probabilities, sum of outcomes, of each bin.
        whole: The weights are counts.

    Returns:
        As ``reliability``.
    """
    rows, said, seen = sums
    return [
        {
            "low": i / rows.size,
            "high": (i + 1) / rows.size,
            "rows": int(rows[i]) if whole else float(rows[i]),
            "stated": float(said[i] / rows[i]),
            "observed": float(seen[i] / rows[i]),
        }
        for i in np.flatnonzero(rows)
    ]


def bin_of(probability: Floats, bins: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Find the calibration bin of each probability.

    Args:
        probability: Shape (n,), in [0, 1].
        bins: How many.

    Returns:
        Shape (n,), from 0 to bins - 1.

    Raises:
        ConfigurationError: There is no bin.
    """
    if bins < 1:
        raise ConfigurationError(f"bins is {bins}", hint="15 is usual")
    return np.minimum((probability * bins).astype(np.int64), bins - 1)


def _block_sums(block: Stated, threshold: float, bins: int) -> tuple[Any, ...]:
    positive, probability, weights = block
    called = probability >= threshold
    # The four cells of the confusion, and the bins, each counted in one go.
    cells = np.bincount(called + 2 * positive.astype(np.int64), weights, minlength=4)
    where = bin_of(probability, bins)
    by_bin = tuple(
        np.bincount(where, each, minlength=bins)
        for each in (
            weights,
            probability if weights is None else probability * weights,
            positive if weights is None else positive * weights,
        )
    )
    gap = probability - positive
    losses = [gap * gap, surprise(positive, probability)]
    squared, unlikely = (float(np.sum(each if weights is None else each * weights)) for each in losses)
    return *cells.tolist(), squared, unlikely, by_bin


def _part(stated: Stated, rows: slice) -> Stated:
    weights = None if stated.weights is None else stated.weights[rows]
    return Stated(stated.positive[rows], stated.probability[rows], weights)
