"""Figures of two runs on their test rows, and how far chance alone would move the difference.

Rule: the bootstrap draws rows, or whole groups of rows that depend on each other, and both runs of a pair see the same
draw, so that what is hard for both cancels out. A figure that a draw cannot give (ranking needs both classes) is left
out of that draw. Cost: each run is sorted once; a draw is then a few sums, 1 ms for 50,000 rows.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Verdict = Literal["better", "worse", "same", "unknown"]

_BINS = 15
# Beyond, draws cost seconds and a normal interval from fewer of them is as good.
_BUDGET = 100_000_000
_LEAST = 100
_ENOUGH_FOR_PERCENTILES = 1_000


@dataclass(frozen=True)
class MetricChange:
    """One metric of two runs.

    Attributes:
        name: Its name.
        higher_is_better: Whether more is better.
        before: Of the first run, on the rows compared; None where these rows cannot give it.
        after: Of the second.
        before_interval: Where the first lies, at the comparison's level.
        after_interval: Where the second lies.
        difference: After minus before.
        interval: Where the difference lies.
        verdict: ``better`` or ``worse`` where the interval holds no zero, ``same`` where it does; ``unknown`` without
            an interval.
    """

    name: str
    higher_is_better: bool
    before: float | None
    after: float | None
    before_interval: tuple[float, float] | None
    after_interval: tuple[float, float] | None
    difference: float | None
    interval: tuple[float, float] | None
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


class Figures:
    """The metrics of one run as functions of how often each row was drawn.

    Args:
        task: ``classification`` or ``regression``.
        outcome: What happened, shape (n,); 0 or 1 in a classification.
        predicted: The probability of class 1, or the predicted number, shape (n,).
        threshold: Of a classification, from where on a row is called positive.
    """

    def __init__(self, task: str, outcome: Floats, predicted: Floats, threshold: float | None) -> None:
        # From the surest row down, whatever is called positive, or lies in one bin, lies together.
        self._order = np.argsort(-predicted, kind="stable")
        self._outcome, stated = outcome[self._order], predicted[self._order]
        self._error = stated - self._outcome
        self._square = self._error**2
        # Written over at every draw: memory that comes anew from the system costs three times the sums.
        self._room = np.empty((5, outcome.size))
        self._figures = self._regression
        if task == "classification":
            self._prepare(stated, 0.5 if threshold is None else threshold)
            self._figures = self._classification

    def of(self, weight: Floats) -> dict[str, float]:
        """Return every metric.

        Args:
            weight: How often each row was drawn, shape (n,).

        Returns:
            Metric to value, NaN where these rows cannot give it.
        """
        drawn = np.take(weight, self._order, out=self._room[0], mode="clip")
        return {name: float(value) for name, value in self._figures(drawn).items()}

    def _prepare(self, stated: Floats, threshold: float) -> None:
        # Equal probabilities are one threshold, never an order among themselves.
        self._ends = np.r_[np.flatnonzero(np.diff(stated)), stated.size - 1]
        self._ties = self._ends.size < stated.size
        of_outcome = np.where(self._outcome == 1, stated, 1 - stated)
        self._surprise = -np.log(np.clip(of_outcome, np.finfo(np.float64).eps, 1.0))
        self._called = int((stated >= threshold).sum())
        bins = np.minimum((stated * _BINS).astype(np.int64), _BINS - 1)
        self._bins = np.r_[0, np.flatnonzero(np.diff(bins)) + 1]

    def _classification(self, weight: Floats) -> dict[str, float]:
        gained = np.multiply(weight, self._outcome, out=self._room[1])
        hits, drawn = np.cumsum(gained, out=self._room[2]), np.cumsum(weight, out=self._room[3])
        rows, positives = drawn[-1], hits[-1]
        negatives = rows - positives
        found, called = (hits[self._called - 1], drawn[self._called - 1]) if self._called else (0.0, 0.0)
        gaps = np.add.reduceat(np.multiply(weight, self._error, out=self._room[4]), self._bins)
        ranked = self._ranking(gained, weight, hits, drawn) if positives and negatives else (np.nan, np.nan)
        return {
            "roc_auc": ranked[0],
            "average_precision": ranked[1],
            "brier": _dot(weight, self._square) / rows,
            "log_loss": _dot(weight, self._surprise) / rows,
            "calibration_error": np.abs(gaps).sum() / rows,
            "accuracy": (negatives - called + 2 * found) / rows,
            "precision": found / called if called else 0.0,
            "recall": found / positives if positives else np.nan,
            "f1": 2 * found / (called + positives) if positives else np.nan,
        }

    def _ranking(self, gained: Floats, called: Floats, hits: Floats, drawn: Floats) -> tuple[float, float]:
        if self._ties:
            hits, drawn = hits[self._ends], drawn[self._ends]
            gained, called = np.diff(hits, prepend=0.0), np.diff(drawn, prepend=0.0)
        # Sum of (called - gained) (hits - gained / 2), a trapezoid each; multiplied out, nothing is written.
        area = _dot(called, hits) - _dot(gained, hits) - (_dot(called, gained) - _dot(gained, gained)) / 2
        # Where no row has been drawn yet, there is no hit among them either.
        precision = np.maximum(drawn, 1.0, out=self._room[4][: drawn.size])
        np.divide(hits, precision, out=precision)
        return area / (hits[-1] * (drawn[-1] - hits[-1])), _dot(gained, precision) / hits[-1]

    def _regression(self, weight: Floats) -> dict[str, float]:
        rows = weight.sum()
        residual = _dot(weight, self._square)
        spread = _dot(weight, (self._outcome - _dot(weight, self._outcome) / rows) ** 2)
        return {
            "r2": 1 - residual / spread if spread > 0 else np.nan,
            "rmse": np.sqrt(residual / rows),
            "mae": _dot(weight, np.abs(self._error)) / rows,
        }


def compared_metrics(
    before: Figures,
    after: Figures,
    groups: tuple[Integers, Integers],
    higher_is_better: dict[str, bool],
    *,
    paired: bool,
    samples: int,
    level: float,
    seed: int,
) -> list[MetricChange]:
    """Compare every metric of two runs.

    Args:
        before: The first run.
        after: The second.
        groups: Of each run, the number of each row's group, counted from 0: rows of one group are drawn together.
        higher_is_better: The metrics to compare.
        paired: Whether row i is one and the same in both.
        samples: How many draws.
        level: Of the intervals, as 0.95.
        seed: For the draws.

    Returns:
        One entry a metric.
    """
    rng = np.random.default_rng(seed)
    whole = [side.of(np.ones(codes.size)) for side, codes in zip((before, after), groups, strict=True)]
    drawn: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    for _ in range(samples):
        first = _draw(rng, groups[0])
        second = first if paired else _draw(rng, groups[1])
        drawn[0].append(before.of(first))
        drawn[1].append(after.of(second))
    found = []
    for name, higher in higher_is_better.items():
        if name in whole[0] and name in whole[1]:
            draws = [np.array([one[name] for one in side]) for side in drawn]
            found.append(_change(name, higher, (whole[0][name], whole[1][name]), draws, level))
    return found


def affordable(samples: int, rows: int) -> int:
    """How many of the wanted draws are worth their time.

    Args:
        samples: How many are wanted.
        rows: Rows of the larger run.

    Returns:
        All for up to 100,000 rows and 1,000 draws; fewer beyond, but 100, or what is wanted if that is less.
    """
    return min(samples, max(_BUDGET // max(rows, 1), _LEAST))


def _draw(rng: np.random.Generator, codes: Integers) -> Floats:
    groups = int(codes.max()) + 1
    counts = np.bincount(rng.integers(0, groups, groups), minlength=groups).astype(np.float64)
    drawn: Floats = counts[codes]
    return drawn


def _change(
    name: str, higher: bool, values: tuple[float, float], draws: Sequence[Floats], level: float
) -> MetricChange:
    difference = values[1] - values[0]
    interval = _interval(difference, draws[1] - draws[0], level)
    return MetricChange(
        name=name,
        higher_is_better=higher,
        before=_known(values[0]),
        after=_known(values[1]),
        before_interval=_interval(values[0], draws[0], level),
        after_interval=_interval(values[1], draws[1], level),
        difference=_known(difference),
        interval=interval,
        verdict=_verdict(interval, higher),
    )


def _dot(one: Floats, two: Floats) -> float:
    # Not BLAS: its threads wait for each other by spinning, 40 ms for a sum of 50 µs where other processes are busy.
    return float(np.einsum("i,i->", one, two))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _interval(value: float, draws: Floats, level: float) -> tuple[float, float] | None:
    known = draws[~np.isnan(draws)]
    # Too many draws that say nothing are a sign that the rest says little.
    if np.isnan(value) or known.size < 2 or known.size < draws.size / 2:
        return None
    if known.size >= _ENOUGH_FOR_PERCENTILES / 2:
        low, high = np.quantile(known, ((1 - level) / 2, (1 + level) / 2))
        return float(low), float(high)
    wide = NormalDist().inv_cdf((1 + level) / 2) * float(known.std(ddof=1))
    return value - wide, value + wide


def _verdict(interval: tuple[float, float] | None, higher: bool) -> Verdict:
    if interval is None:
        return "unknown"
    if interval[0] <= 0 <= interval[1]:
        return "same"
    return "better" if (interval[0] > 0) == higher else "worse"
