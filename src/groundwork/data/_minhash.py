"""MinHash signatures, kept as the keys of their bands.

Rule: two sets of Jaccard similarity J agree in one minimum with probability J, in a band of r minima with J**r, and in
at least one of b bands with 1 - (1 - J**r)**b. Bands are as long as that leaves 98 % at the threshold, since long bands
bring fewer pairs that are not near. Minima are of 32-bit multiply-add permutations over hashes that are well mixed
before. Cost: about 1 ns for each shingle and permutation; eight bytes for each row and band.
"""

import numpy as np
import numpy.typing as npt

from groundwork.data._mix import mix
from groundwork.data._shingles import Counts, Hashes
from groundwork.errors import ConfigurationError

_LEAST_RECALL = 0.98
# What the processor's first cache takes, so that 128 permutations read memory once.
_PIECE = 1 << 14


def expected_recall(similarity: float, bands: int, rows: int) -> float:
    """Return the probability that two sets share a band.

    Args:
        similarity: Their Jaccard similarity.
        bands: How many bands there are.
        rows: How many minima each has.
    """
    return float(1 - (1 - similarity**rows) ** bands)


def choose_bands(threshold: float, permutations: int) -> tuple[int, int]:
    """Return the number of bands and the minima in each, for a similarity that must not be missed.

    Args:
        threshold: The least similarity that counts as near.
        permutations: The most minima altogether.

    Raises:
        ConfigurationError: So few permutations miss more than 2 % at the threshold.
    """
    for rows in range(permutations, 0, -1):
        bands = permutations // rows
        if expected_recall(threshold, bands, rows) >= _LEAST_RECALL:
            return bands, rows
    needed = int(np.ceil(np.log(1 - _LEAST_RECALL) / np.log(1 - threshold)))
    raise ConfigurationError(
        f"{permutations} permutations find only {expected_recall(threshold, permutations, 1):.0%} of the pairs at "
        f"threshold {threshold}",
        hint=f"give permutations={needed} or more, or a higher threshold",
    )


class MinHash:
    """Permutations, and what they make of sets.

    Args:
        bands: Number of bands.
        rows: Minima in each.
        seed: Of the permutations.
    """

    def __init__(self, bands: int, rows: int, seed: int) -> None:
        self.bands, self.rows = bands, rows
        # Not numpy's generator, whose numbers may change with its version.
        drawn = mix(np.arange(1, bands * rows + 1, dtype=np.uint64) + (np.uint64(seed) << np.uint64(32)))
        self._factors = (drawn >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
        self._terms = drawn.astype(np.uint32)

    def keys(self, hashes: Hashes, counts: Counts) -> Hashes:
        """Return the key of every band (rows) of every set (columns); empty sets share theirs.

        Args:
            hashes: Of all sets, one after the other; repetitions do no harm.
            counts: How many each set has.
        """
        full = np.flatnonzero(counts)
        minima = np.full((self.bands * self.rows, len(counts)), 0xFFFFFFFF, np.uint32)
        minima[:, full] = self._minima((hashes >> np.uint64(32)).astype(np.uint32), counts[full])
        keys = np.empty((self.bands, len(counts)), np.uint64)
        for band in range(self.bands):
            key = np.full(len(counts), band, np.uint64)
            for row in range(band * self.rows, (band + 1) * self.rows):
                key ^= minima[row]
                mix(key)
            keys[band] = key
        return keys

    def _minima(self, hashes: npt.NDArray[np.uint32], counts: Counts) -> npt.NDArray[np.uint32]:
        minima = np.empty((len(self._factors), len(counts)), np.uint32)
        ends = np.cumsum(counts)
        first = 0
        while first < len(counts):
            begin = int(ends[first] - counts[first])
            last = max(first + 1, int(np.searchsorted(ends, begin + _PIECE, side="right")))
            piece = hashes[begin : ends[last - 1]]
            starts = (ends - counts)[first:last] - begin
            turned = np.empty_like(piece)
            for at, (factor, term) in enumerate(zip(self._factors, self._terms, strict=True)):
                np.multiply(piece, factor, out=turned)
                np.add(turned, term, out=turned)
                minima[at, first:last] = np.minimum.reduceat(turned, starts)
            first = last
        return minima
