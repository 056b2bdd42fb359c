"""Whole groups dealt out to parts so that every part has its share of every class.

Rule: with c the rows of class k in group g and C all rows of class k, the parts' deviations d (rows of k in the part,
over C, less the part's fraction f) keep

    sum over parts and classes of d**2  <=  (1 - sum over parts of f**2) * sum over groups and classes of (c / C)**2

which is what dealing at random would give on average. The greedy pass keeps it because each group goes where this
average over all ways to deal out the rest is least (the method of conditional expectations); moving and swapping groups
afterwards only lowers the sum. It can be missed where a part would be empty and is given a group all the same.
Numbers are added up in a written-out order, never by BLAS or SIMD, whose last digit differs between machines: a tie
must break alike on all. Cost: one pass over the groups, about 100,000 a second; four tries with moves and swaps for at
most 1,000 groups.
"""

import itertools
import math

import numpy as np
import numpy.typing as npt

_MOST_SWAPPED = 1000
_MOST_CELLS = 20_000_000
_MOST_ROUNDS = 200
_TRIES = 4
_LEAST_GAIN = 1e-12

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Parts = npt.NDArray[np.int8]


def deal(counts: Counts, fractions: Floats, places: Floats) -> Parts:
    """Give each group a part.

    Args:
        counts: Rows of each class in each group, shape (groups, classes); no class and no group is empty, and there are
            at least as many groups as parts.
        fractions: Share of each part; they sum to 1.
        places: A number in [0, 1) for each group; it orders groups of about one size.

    Returns:
        The part of each group. Every part has a group.
    """
    shares = counts / counts.sum(axis=0)
    few = len(counts) <= _MOST_SWAPPED and len(counts) ** 2 * counts.shape[1] <= _MOST_CELLS
    products = _products(shares) if few else None
    tries = []
    for turn in range(_TRIES if few else 1):
        # Each try deals groups of about one size in another order: moves and swaps end in the nearest hollow.
        parts = _greedy(shares, fractions, _order(counts, (places + turn / _TRIES) % 1))
        _fill_empty(shares, fractions, parts)
        if products is not None:
            _improve(shares, products, fractions, parts)
        tries.append(parts)
    return min(tries, key=lambda parts: math.fsum((_deviation(shares, fractions, parts) ** 2).ravel().tolist()))


def _order(counts: Counts, places: Floats) -> list[int]:
    # Large groups first, while there is room to even them out. Within a factor of two the seed's order rules.
    octave = np.array([-int(size).bit_length() for size in counts.sum(axis=1)])
    order: list[int] = np.lexsort((places, octave)).tolist()
    return order


def _greedy(shares: Floats, fractions: Floats, order: list[int]) -> Parts:
    parts = np.zeros(len(shares), np.int8)
    wanted = fractions.tolist()
    # Deviation of each part from its share of what was dealt so far: dealing on at random would leave it there.
    deviation = [[0.0] * shares.shape[1] for _ in wanted]
    for group in order:
        row = shares[group]
        held = [(at, float(row[at])) for at in np.flatnonzero(row).tolist()]
        square = math.fsum(share * share for _, share in held)
        # A part gains the share, and every part falls behind by its fraction of it; what differs between the parts:
        grown = [
            math.fsum(off[at] * share for at, share in held) - fraction * square
            for off, fraction in zip(deviation, wanted, strict=True)
        ]
        part = grown.index(min(grown))
        parts[group] = part
        for number, (off, fraction) in enumerate(zip(deviation, wanted, strict=True)):
            for at, share in held:
                off[at] += share * ((number == part) - fraction)
    return parts


def _deviation(shares: Floats, fractions: Floats, parts: Parts) -> Floats:
    held = [np.bincount(parts, weights=column, minlength=len(fractions)) for column in shares.T]
    deviation: Floats = np.array(held).T - fractions[:, None]
    return deviation


def _products(shares: Floats) -> Floats:
    total = np.zeros((len(shares), len(shares)))
    for column in shares.T:
        total += np.multiply.outer(column, column)
    return total


def _move_costs(shares: Floats, deviation: Floats, parts: Parts, part: int) -> Floats:
    """What the sum grows by if a group went to this part, for each group."""
    cost = np.zeros(len(shares))
    for column, off in zip(shares.T, deviation.T, strict=True):
        cost += 2 * column * (off[part] - off[parts] + column)
    costs: Floats = np.where(parts == part, 0.0, cost)
    return costs


def _fill_empty(shares: Floats, fractions: Floats, parts: Parts) -> None:
    for part in range(len(fractions)):
        held = np.bincount(parts, minlength=len(fractions))
        if held[part]:
            continue
        cost = _move_costs(shares, _deviation(shares, fractions, parts), parts, part)
        parts[int(np.argmin(np.where(held[parts] > 1, cost, np.inf)))] = part


def _improve(shares: Floats, products: Floats, fractions: Floats, parts: Parts) -> None:
    """Do the best single move or swap until none helps."""
    for _ in range(_MOST_ROUNDS):
        change = _best_change(shares, products, fractions, parts)
        for group, part in change:
            parts[group] = part
        if not change:
            break


def _best_change(shares: Floats, products: Floats, fractions: Floats, parts: Parts) -> list[tuple[int, int]]:
    numbers = range(len(fractions))
    deviation = _deviation(shares, fractions, parts)
    movable = np.bincount(parts, minlength=len(fractions))[parts] > 1
    costs = [_move_costs(shares, deviation, parts, part) for part in numbers]
    best, change = -_LEAST_GAIN, []
    for part, cost in enumerate(costs):
        group = int(np.argmin(np.where(movable, cost, np.inf)))
        if movable[group] and cost[group] < best:
            best, change = float(cost[group]), [(group, part)]
    for one, other in itertools.combinations(numbers, 2):
        here, there = np.flatnonzero(parts == one), np.flatnonzero(parts == other)
        # Both moves at once differ from one after the other by what the two groups have in common.
        swap = costs[other][here][:, None] + costs[one][there][None, :] - 4 * products[np.ix_(here, there)]
        at, to = np.unravel_index(int(np.argmin(swap)), swap.shape)
        if swap[at, to] < best:
            best, change = float(swap[at, to]), [(int(here[at]), other), (int(there[to]), one)]
    return change
