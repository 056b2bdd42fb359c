"""From which probability on to act, when mistakes have a price.

Rule: the threshold is the one that would have cost least on the rows given, all ties counted; what acting on every row
and on none would have cost stands beside it. Cost: one sort.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from groundwork.errors import ConfigurationError
from groundwork.modeling.evaluation._checked import Floats, checked
from groundwork.modeling.evaluation._curves import thinned
from groundwork.modeling.evaluation._ranking import cumulative


@dataclasses.dataclass(frozen=True)
class CostThreshold:
    """The cheapest threshold, and what others would cost.

    Attributes:
        threshold: Call a row positive from this probability on: the highest of the cheapest. The next number above the
            largest probability, where it is cheapest to call none.
        expected_cost: Mean cost of a row at the threshold.
        cost_of_none: Mean cost of a row if none is called positive.
        cost_of_all: Mean cost of a row if all are.
        calibrated_threshold: Where the threshold would lie if every probability were true; None where a call never
            costs less, or never more, whatever the probability. Far from ``threshold``: look at the calibration.
        thresholds: At most 201, rising, for a plot; ``threshold`` is one of them.
        costs: Mean cost of a row at each of them.
    """

    threshold: float
    expected_cost: float
    cost_of_none: float
    cost_of_all: float
    calibrated_threshold: float | None
    thresholds: tuple[float, ...]
    costs: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data.

        Returns:
            The attributes by name, lists in place of tuples.
        """
        return {name: list(each) if isinstance(each, tuple) else each for name, each in vars(self).items()}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Self:
        """Bring back a threshold.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The threshold.
        """
        curve = {name: tuple(described[name]) for name in ("thresholds", "costs")}
        return cls(**{**described, **curve})


def cost_threshold(
    outcome: ArrayLike,
    probability: ArrayLike,
    cost: Sequence[Sequence[float]],
    *,
    weights: ArrayLike | None = None,
) -> CostThreshold:
    """Find the probability from which on calling a row positive costs least.

    Choose it on validation rows: chosen on the test rows it flatters the test.

    Args:
        outcome: Observed class, 0 or 1, shape (n,); one class alone is fine.
        probability: Predicted probability of class 1, shape (n,).
        cost: What one row of each kind costs, laid out as the confusion: [[true negative, false positive], [false
            negative, true positive]]; a gain is a negative cost.
        weights: How many rows each row stands for, shape (n,); one each if None.

    Returns:
        The threshold, its cost and the curve.

    Raises:
        InvalidDataError: Empty, shapes differ, a missing value, a probability outside [0, 1], or a negative weight.
        ConfigurationError: ``cost`` is not two rows of two finite numbers.
    """
    tn, fp, fn, tp = _checked_cost(cost)
    stated = checked(outcome, probability, weights=weights, both_classes=False)
    counts = cumulative(*stated)
    # From calling none: each row then called changes from a true negative to a false positive, or from fn to tp.
    true, false = np.append(0.0, counts.true_positives), np.append(0.0, counts.false_positives)
    thresholds = np.append(np.nextafter(counts.thresholds[0], np.inf), counts.thresholds)
    total = fn * true[-1] + tn * false[-1] + (tp - fn) * true + (fp - tn) * false
    costs = total / (true[-1] + false[-1])
    best = int(np.argmin(costs))
    shown = np.union1d(thinned(1 - thresholds), best)[::-1]
    return CostThreshold(
        threshold=float(thresholds[best]),
        expected_cost=float(costs[best]),
        cost_of_none=float(costs[0]),
        cost_of_all=float(costs[-1]),
        calibrated_threshold=_calibrated(fp - tn, fn - tp),
        thresholds=tuple(thresholds[shown].tolist()),
        costs=tuple(costs[shown].tolist()),
    )


def _checked_cost(cost: Sequence[Sequence[float]]) -> list[float]:
    try:
        matrix: Floats = np.asarray(cost, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape != (2, 2) or not np.isfinite(matrix).all():
        raise ConfigurationError(
            f"cost {cost!r} is not two rows of two numbers", hint="[[0, 1], [5, 0]]: a miss costs 5 false alarms"
        )
    found: list[float] = matrix.ravel().tolist()
    return found


def _calibrated(alarm: float, miss: float) -> float | None:
    # Calling costs (1 - p) * alarm more and saves p * miss.
    return alarm / (alarm + miss) if alarm > 0 and miss > 0 else None
