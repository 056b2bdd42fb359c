"""How the rows of a column are spread, as far as it is known.

Rule: ``values`` with ``counts`` is the one shape for all. Of numbers, in rising order, a count is the rows up to and
with its value and above the one before; of anything else it is the rows of the value, the most frequent first.
``complete`` says that every different value stands there with its true count: what is computed is then exact.
Infinite numbers have their place at both ends, and are text in JSON.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

STORED = 200

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """A column's values and how many rows have them.

    Attributes:
        kind: ``number``, ``category`` (text and truth), or ``none`` for what is only counted: times, nested values.
        values: Numbers in rising order, or categories, the most frequent first.
        counts: Rows of each; see the rule above.
        complete: Whether every value stands there with its true count.
        other: Rows of categories that do not stand there.
    """

    kind: str
    values: "Sequence[Any] | Floats"
    counts: "Sequence[float] | Floats"
    complete: bool = True
    other: float = 0.0

    @property
    def known(self) -> float:
        """Rows that have a value."""
        return float(np.sum(self.counts)) + self.other

    @property
    def infinite(self) -> float:
        """Rows whose value is an infinite number."""
        if self.kind != "number":
            return 0.0
        return float(np.asarray(self.counts, np.float64)[~np.isfinite(np.asarray(self.values, np.float64))].sum())

    def finite(self) -> "Distribution":
        """Leave out the infinite numbers.

        Returns:
            The distribution of the others.
        """
        values, counts = np.asarray(self.values, np.float64), np.asarray(self.counts, np.float64)
        kept = np.isfinite(values)
        return Distribution(self.kind, values[kept], counts[kept], self.complete, self.other)

    def stored(self) -> "Distribution":
        """Thin out to what a file keeps.

        Returns:
            All values where there are no more than 200; else numbers at 200 steps of equal rows (and the value before
            each that has many rows to itself), or the 200 most frequent categories.
        """
        if self.kind == "number":
            return self._thin()
        shown, rest = slice(STORED), float(np.sum(self.counts[STORED:]))
        complete = self.complete and not rest
        return Distribution(
            self.kind, list(self.values[shown]), _plain(self.counts[shown]), complete, self.other + rest
        )

    def _thin(self) -> "Distribution":
        values, counts = np.asarray(self.values, np.float64), np.asarray(self.counts, np.float64)
        complete = self.complete and len(values) <= STORED
        if len(values) > STORED:
            steps = np.cumsum(counts)
            chosen = np.searchsorted(steps, np.linspace(0, steps[-1], STORED) * (1 - 1e-12))
            heavy = chosen[counts[chosen] > steps[-1] / STORED]
            # The finite ends stay beside infinite ones, for nothing lies between the two.
            ends = np.flatnonzero(np.isfinite(values))[[0, -1]]
            chosen = np.unique(np.concatenate(([0], ends, chosen, np.maximum(heavy - 1, 0))))
            values, counts = values[chosen], np.diff(steps[chosen], prepend=0.0)
        return Distribution("number", values.tolist(), _plain(counts), complete)

    def up_to(self, points: Floats) -> Floats:
        """Give the share of the rows with a value that lie at or below each point.

        Args:
            points: Any numbers.

        Returns:
            Shares. Where not every value is known, on the straight line between two that are, unless the upper one has
            more than 1 % of the rows to itself.
        """
        values, counts = np.asarray(self.values, np.float64), np.asarray(self.counts, np.float64)
        whole = counts.sum()
        if not whole:
            return np.zeros(len(points))
        steps = np.concatenate(([0.0], np.cumsum(counts) / whole))
        above = np.searchsorted(values, points, side="right")
        shares: Floats = steps[above]
        if self.complete:
            return shares
        upper = np.where((above > 0) & (above < len(values)), above, 1 if len(values) > 1 else 0)
        low, high = values[upper - 1], values[upper]
        between = (above > 0) & (above < len(values)) & np.isfinite(low) & np.isfinite(high)
        low, high, points = (np.where(between, each, 0.0) for each in (low, high, points))
        part = np.where(high > low, (points - low) / np.where(high > low, high - low, 1.0), 0.0)
        gap = counts[upper] / whole
        return shares + np.where(between & (gap <= 2 / STORED), part * gap, 0.0)

    def quantile(self, level: float) -> float:
        """Give the smallest value with at least a share of the rows at or below it.

        Args:
            level: The share, above 0.

        Returns:
            The value.
        """
        steps = np.cumsum(np.asarray(self.counts, np.float64))
        at = int(np.searchsorted(steps, level * steps[-1] * (1 - 1e-12)))
        return float(self.values[min(at, len(steps) - 1)])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "kind": self.kind,
            "values": [_plain_value(value) for value in self.values],
            "counts": list(self.counts),
            "complete": self.complete,
            "other": self.other,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Distribution":
        """Read what ``to_dict`` made.

        Args:
            plain: The data.

        Returns:
            The distribution.
        """
        number = str(plain["kind"]) == "number"
        return cls(
            str(plain["kind"]),
            [float(value) if number and isinstance(value, str) else value for value in plain["values"]],
            list(plain["counts"]),
            bool(plain["complete"]),
            float(plain["other"]),
        )


def _plain_value(value: Any) -> Any:
    return str(float(value)) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(counts: "Sequence[float] | Floats") -> list[float]:
    return [int(count) if float(count).is_integer() else round(float(count), 3) for count in counts]
