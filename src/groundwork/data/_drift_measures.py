"""The two measures of how far one distribution has moved from another, and what chance alone would give.

Rule: shares in, a number out; nothing is drawn. scipy is needed for one probability and imported when it is.
"""

import math

import numpy as np
import numpy.typing as npt

FLOOR = 1e-4

Floats = npt.NDArray[np.float64]


def stability_index(reference: Floats, current: Floats, reference_rows: float, current_rows: float) -> float:
    """The population stability index: the sum of (c - r) ln(c / r) over the bins.

    Args:
        reference: Share of the reference's rows in each bin.
        current: Share of the current rows in each bin.
        reference_rows: Rows of the reference.
        current_rows: Current rows.

    Returns:
        The index, 0 or more. The logarithm of nothing is infinite: an empty bin counts as half a row, and as 0.0001 of
        the rows where that is more.
    """
    one = np.maximum(reference, max(FLOOR, 0.5 / reference_rows))
    two = np.maximum(current, max(FLOOR, 0.5 / current_rows))
    used = (reference > 0) | (current > 0)
    return float(np.sum(((two - one) * np.log(two / one))[used]))


def chance_of_index(index: float, bins: int, reference_rows: float, current_rows: float) -> float:
    """How likely two samples of one and the same population show such an index, or a larger one.

    Small samples show a large one by chance: 0.2 is nothing to speak of between two hundred rows in 11 bins.

    Args:
        index: The index.
        bins: Bins that any row is in.
        reference_rows: Rows of the reference.
        current_rows: Current rows.

    Returns:
        The probability.

    Source:
        Yurdakul and Naranjo, Journal of Risk Model Validation, 2020: index / (1/n + 1/m) is chi-square distributed
        with bins - 1 degrees of freedom.
    """
    if bins < 2:
        return 1.0
    from scipy.special import chdtrc

    return float(chdtrc(bins - 1, index / (1 / reference_rows + 1 / current_rows)))


def kolmogorov_smirnov(largest: float, reference_rows: float, current_rows: float) -> float:
    """How likely two samples of one and the same population lie so far apart.

    Args:
        largest: The statistic: the largest difference of the two distribution functions.
        reference_rows: Rows of the reference.
        current_rows: Current rows.

    Returns:
        The two-sided probability by Kolmogorov's limit; too large where values are equal, and for fewer than some
        thirty rows.
    """
    from scipy.special import kolmogorov

    size = reference_rows * current_rows / (reference_rows + current_rows)
    return float(kolmogorov(math.sqrt(size) * largest))
