"""Whole groups dealt out to parts so that every part has its share of every class.

Rule: with c the rows of class k in group g, C all rows of class k, and P parts, the parts' deviations d (rows of k in
the part, over C, less the part's fraction f) keep

    sum over parts and classes of d**2 / f  <=  (P - 1) * sum over groups and classes of (c / C)**2

which is what dealing at random would give on average. The greedy pass keeps it because each group goes where this
average over all ways to deal out the rest is least (the method of conditional expectations); moving and swapping groups
afterwards only lowers the sum. It can be missed where a part would be empty and is given a group all the same.
Cost: one pass over the groups, about 100,000 a second; moves and swaps where there are at most 1,000 groups.
"""

import numpy as np
import numpy.typing as npt

_MOST_SWAPPED = 1000
_MOST_ROUNDS = 200
_LEAST_GAIN = 1e-12

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Parts = npt.NDArray[np.int8]


def deal(counts: Counts, fractions: Floats, places: Floats) -> Parts:
    """Give each group a part.

    Args:
        counts: Rows of each class in each group, shape (groups, classes); no class and no group is empty.
        fractions: Share of each part; they sum to 1.
        places: A number in [0, 1) for each group; it orders groups of about one size.

    Returns:
        The part of each group. Every part has a group if there are as many groups as parts.
    """
    shares = counts / counts.sum(axis=0)
    parts = _greedy(shares, fractions, _order(counts, places))
    _fill_empty(shares, fractions, parts)
    if len(counts) <= _MOST_SWAPPED:
        _improve(shares, fractions, parts)
    return parts


def _order(counts: Counts, places: Floats) -> npt.NDArray[np.int64]:
    # Large groups first, while there is room to even them out. Within a factor of two the seed's order rules.
    octave = np.floor(np.log2(counts.sum(axis=1)))
    return np.lexsort((places, -octave))


def _greedy(shares: Floats, fractions: Floats, order: npt.NDArray[np.int64]) -> Parts:
    parts = np.zeros(len(shares), np.int8)
    # Deviation of each part from its share of what was dealt so far: dealing on at random would leave it there.
    deviation = np.zeros((len(fractions), shares.shape[1]))
    for group in order:
        share = shares[group]
        # Part p gains the share, and every part falls behind by its fraction of it; what differs between the parts:
        part = int(np.argmin((2 * (deviation @ share) + share @ share) / fractions))
        parts[group] = part
        deviation -= np.outer(fractions, share)
        deviation[part] += share
    return parts


def _deviation(shares: Floats, fractions: Floats, parts: Parts) -> Floats:
    held = np.zeros((len(fractions), shares.shape[1]))
    np.add.at(held, parts, shares)
    return held - fractions[:, None]


def _fill_empty(shares: Floats, fractions: Floats, parts: Parts) -> None:
    for part in range(len(fractions)):
        held = np.bincount(parts, minlength=len(fractions))
        if held[part] or not (held > 1).any():
            continue
        cost = _move_costs(shares, _deviation(shares, fractions, parts), fractions, parts, part)
        parts[int(np.argmin(np.where(held[parts] > 1, cost, np.inf)))] = part


def _move_costs(shares: Floats, deviation: Floats, fractions: Floats, parts: Parts, part: int) -> Floats:
    """What the sum gains if a group went to this part, for each group."""
    squares = (shares * shares).sum(axis=1)
    into = (2 * (shares @ deviation[part]) + squares) / fractions[part]
    leaving = (-2 * (shares * deviation[parts]).sum(axis=1) + squares) / fractions[parts]
    costs: Floats = np.where(parts == part, 0.0, into + leaving)
    return costs


def _improve(shares: Floats, fractions: Floats, parts: Parts) -> None:
    """Do the best single move or swap until none helps."""
    products = shares @ shares.T
    for _ in range(_MOST_ROUNDS):
        deviation = _deviation(shares, fractions, parts)
        movable = np.bincount(parts, minlength=len(fractions))[parts] > 1
        best, change = -_LEAST_GAIN, []
        costs = [_move_costs(shares, deviation, fractions, parts, part) for part in range(len(fractions))]
        for part, cost in enumerate(costs):
            group = int(np.argmin(np.where(movable, cost, np.inf)))
            if movable[group] and cost[group] < best:
                best, change = float(cost[group]), [(group, part)]
        for one in range(len(fractions)):
            for other in range(one + 1, len(fractions)):
                here, there = np.flatnonzero(parts == one), np.flatnonzero(parts == other)
                if not len(here) or not len(there):
                    continue
                # Both moves at once differ from one after the other by what the two groups have in common.
                common = 2 * products[np.ix_(here, there)] * (1 / fractions[one] + 1 / fractions[other])
                swap = costs[other][here][:, None] + costs[one][there][None, :] - common
                at, to = np.unravel_index(int(np.argmin(swap)), swap.shape)
                if swap[at, to] < best:
                    best, change = float(swap[at, to]), [(int(here[at]), other), (int(there[to]), one)]
        if not change:
            return
        for group, part in change:
            parts[group] = part
