"""How often each probability was stated, by outcome: what ranking figures of many batches are made of.

Rule: counts of distinct probabilities add up exactly, so any batches in any order give the counts of all rows.
Cost: 16 bytes a distinct pair of probability and outcome (at most so many as rows); with bins, 16 bytes a bin.
"""

from typing import Any, Self

import numpy as np

from groundwork.modeling.evaluation._checked import Bools, Floats, Integers
from groundwork.modeling.evaluation._ranking import Counts, ends_of_ties, packed
from groundwork.modeling.evaluation._rowwise import bin_of


class DistinctScores:
    """Every probability as it was stated."""

    def __init__(self) -> None:
        # A probability and its outcome are one sorted number, as in the sort of all rows.
        self._keys: list[Any] = [np.empty(0, np.uint64)]
        self._times: list[Integers] = [np.empty(0, np.int64)]
        self._waiting = 0

    def add(self, positive: Bools, probability: Floats) -> None:
        """Count rows.

        Args:
            positive: Observed, shape (n,).
            probability: Stated, shape (n,).
        """
        keys, times = np.unique(packed(positive, probability), return_counts=True)
        self._append(keys, times)

    def merge(self, other: Self) -> None:
        """Count what another has counted.

        Args:
            other: Left as it is.
        """
        self._append(*other.compact())

    def compact(self) -> tuple[Any, Integers]:
        """Bring all batches to one.

        Returns:
            Distinct sorted keys, and how often each came.
        """
        if len(self._keys) > 1:
            keys = np.concatenate(self._keys)
            # Batches are sorted runs, which a stable sort merges.
            order = np.argsort(keys, kind="stable")
            keys = keys[order]
            starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
            self._times = [np.add.reduceat(np.concatenate(self._times)[order], starts)]
            self._keys, self._waiting = [keys[starts]], 0
        return self._keys[0], self._times[0]

    def counts(self) -> Counts:
        """Tell the cumulative counts that all rows in one sort give.

        Returns:
            Thresholds falling.
        """
        keys, times = (each[::-1] for each in self.compact())
        scores = (keys >> np.uint64(1)).view(np.float64)
        last, hits = ends_of_ties(scores), (keys & np.uint64(1)).astype(np.bool_)
        true = np.cumsum(times * hits, dtype=np.float64)[last]
        return Counts(scores[last], true, np.cumsum(times, dtype=np.float64)[last] - true)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data.

        Returns:
            ``scores`` rising, each with ``positives`` and ``negatives``.
        """
        if self.compact()[0].size == 0:
            return {"scores": [], "positives": [], "negatives": []}
        falling = self.counts()
        return {
            "scores": falling.thresholds[::-1].tolist(),
            "positives": _steps(falling.true_positives),
            "negatives": _steps(falling.false_positives),
        }

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Self:
        """Bring back the counts.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The counts.
        """
        found = cls()
        scores = np.asarray(described["scores"], dtype=np.float64)
        for name, positive in (("negatives", False), ("positives", True)):
            times = np.asarray(described[name], dtype=np.int64)
            met = times > 0
            found._append(packed(np.full(int(met.sum()), positive), scores[met]), times[met])
        return found

    def _append(self, keys: Any, times: Integers) -> None:
        if keys.size == 0:
            return
        self._keys.append(keys)
        self._times.append(times)
        self._waiting += keys.size
        # As soon as what waits outgrows what is sorted: each row is then merged a few times, not once a batch.
        if self._waiting >= self._keys[0].size:
            self.compact()


class BinnedScores:
    """Probabilities counted in bins of equal width: bounded memory, and a bound on what is lost."""

    def __init__(self, bins: int) -> None:
        self.negatives = np.zeros(bins, np.int64)
        self.positives = np.zeros(bins, np.int64)

    def add(self, positive: Bools, probability: Floats) -> None:
        """Count rows.

        Args:
            positive: Observed, shape (n,).
            probability: Stated, shape (n,).
        """
        where, bins = bin_of(probability, self.negatives.size), self.negatives.size
        self.positives += np.bincount(where[positive], minlength=bins)
        self.negatives += np.bincount(where[~positive], minlength=bins)

    def merge(self, other: Self) -> None:
        """Count what another has counted.

        Args:
            other: Of as many bins.
        """
        self.positives += other.positives
        self.negatives += other.negatives

    def counts(self) -> Counts:
        """Tell the cumulative counts, as if all probabilities of a bin were equal.

        Returns:
            Lower ends of the bins that hold anything, falling.
        """
        edges = np.arange(self.negatives.size) / self.negatives.size
        met = np.flatnonzero(self.positives + self.negatives)[::-1]
        true, false = (np.cumsum(each[met], dtype=np.float64) for each in (self.positives, self.negatives))
        return Counts(edges[met], true, false)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data.

        Returns:
            ``positives`` and ``negatives`` of each bin.
        """
        return {"positives": self.positives.tolist(), "negatives": self.negatives.tolist()}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Self:
        """Bring back the counts.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The counts.
        """
        found = cls(len(described["positives"]))
        found.positives += np.asarray(described["positives"], dtype=np.int64)
        found.negatives += np.asarray(described["negatives"], dtype=np.int64)
        return found


def lost_in_ties(counts: Counts) -> tuple[float, float]:
    """Bound what the ranking figures lose when unequal probabilities were counted as equal.

    Args:
        counts: Of bins.

    Returns:
        How far the area under the ROC curve, and average precision, of the rows themselves may lie from those of the
        counts. A pair of rows counts half if tied, and 0 or 1 if not; precision at a positive is lowest if all
        negatives of its bin come first, and highest if all come last.
    """
    true, false = np.append(0.0, counts.true_positives), np.append(0.0, counts.false_positives)
    positives, negatives = np.diff(true), np.diff(false)
    area = float(np.sum(positives * negatives) / 2 / (true[-1] * false[-1]))
    tied = true[1:] / (true[1:] + false[1:])
    highest = np.divide(true[1:], true[1:] + false[:-1], out=tied.copy(), where=positives > 0)
    lowest = (true[:-1] + 1) / (true[:-1] + 1 + false[1:])
    above, below = (float(np.sum(positives * gap) / true[-1]) for gap in (highest - tied, tied - lowest))
    return area, max(above, below)


def _steps(cumulative: Floats) -> list[int]:
    """Counts from cumulative ones, the last first."""
    found: list[int] = np.diff(cumulative, prepend=0.0)[::-1].astype(np.int64).tolist()
    return found
