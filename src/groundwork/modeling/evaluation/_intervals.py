"""How far a figure may lie from the truth because the rows are few: bootstrap intervals.

Rule: the rows are the population, drawn again with replacement; rows that belong together (one day, one patient) are
drawn together, or the interval lies. The same seed gives the same interval. Cost: a draw of 50,000 rows takes about
half a millisecond and a metric of them as much again; nothing is copied row by row.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.evaluation._checked import Floats, need_level, one_dimension
from groundwork.modeling.evaluation._draws import Units, units_of
from groundwork.modeling.evaluation._subject import Figure, figures_of

Metric = str | Callable[[Any, Any], float]
Method = Literal["percentile", "bca"]

_MOST_UNDEFINED = 0.1


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure and where the truth lies with some confidence.

    Attributes:
        value: The figure of all rows.
        low: Lower end.
        high: Upper end.
        level: Confidence, in (0, 1).
    """

    value: float
    low: float
    high: float
    level: float

    def to_dict(self) -> dict[str, float]:
        """Return the interval as plain data.

        Returns:
            ``value``, ``low``, ``high``, ``level``.
        """
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, described: dict[str, float]) -> Self:
        """Bring back an interval.

        Args:
            described: What ``to_dict`` gave.

        Returns:
            The interval.
        """
        return cls(**described)


def confidence_interval(
    metric: Metric,
    outcome: ArrayLike,
    prediction: ArrayLike,
    *,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    against: ArrayLike | None = None,
    method: Method = "percentile",
    threshold: float = 0.5,
    bins: int = 15,
) -> Interval:
    """Say how far a metric may lie from the truth because the rows are few.

    Args:
        metric: A figure of ``evaluate_classification`` or ``evaluate_regression`` by name, or a function of outcome and
            prediction, which is called once a sample.
        outcome: One value a row, shape (n,).
        prediction: Probability of class 1, or predicted number, shape (n,); for a function whatever it takes, n rows.
        samples: How many resamples.
        level: Confidence, in (0, 1).
        seed: For the draws.
        groups: What each row belongs to, shape (n,), no gaps; whole groups are then drawn. None: rows are independent.
        weights: How many rows each row stands for, shape (n,); not for a function.
        against: Another model's predictions of the same rows: the interval is then of the metric of ``prediction``
            minus that of ``against``, both on the same draws.
        method: ``percentile`` takes the quantiles of the resampled figures; ``bca`` corrects them for bias and skew
            (Efron 1987), better for few rows or figures near 0 or 1, with the acceleration from at most 200 jackknife
            blocks.
        threshold: A row is called positive from this probability on.
        bins: Bins of the calibration error.

    Returns:
        The interval.

    Raises:
        InvalidDataError: As the evaluation of all rows; fewer than two rows or groups; or the metric is undefined
            (one class only, say) in more than a tenth of the resamples. Fewer such resamples are left out.
        ConfigurationError: No such metric or method, or a number out of range.
    """
    options: dict[str, Any] = {"weights": weights, "against": against, "threshold": threshold, "bins": bins}
    units = _units(outcome, groups, samples, level, method)
    [figure] = figures_of([metric], outcome, prediction, units, **options)
    return _intervals([figure], units, samples, level, seed, method)[0]


def confidence_intervals(
    metrics: Sequence[str],
    outcome: ArrayLike,
    prediction: ArrayLike,
    *,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    against: ArrayLike | None = None,
    method: Method = "percentile",
    threshold: float = 0.5,
    bins: int = 15,
) -> dict[str, Interval]:
    """Say the same of several metrics, on the same draws.

    Args:
        metrics: Names, all of one task.
        outcome: As ``confidence_interval``.
        prediction: As there.
        samples: As there.
        level: As there.
        seed: As there; each interval is the one that ``confidence_interval`` gives.
        groups: As there.
        weights: As there.
        against: As there.
        method: As there.
        threshold: As there.
        bins: As there.

    Returns:
        Name to interval.

    Raises:
        InvalidDataError: As there.
        ConfigurationError: As there.
    """
    options: dict[str, Any] = {"weights": weights, "against": against, "threshold": threshold, "bins": bins}
    units = _units(outcome, groups, samples, level, method)
    found = figures_of(metrics, outcome, prediction, units, **options)
    return dict(zip(metrics, _intervals(found, units, samples, level, seed, method), strict=True))


def _units(outcome: ArrayLike, groups: ArrayLike | None, samples: int, level: float, method: str) -> Units:
    if samples < 1:
        raise ConfigurationError(f"samples is {samples}", hint="1000 is usual; the ends of 99 % want 10,000")
    need_level(level)
    if method not in ("percentile", "bca"):
        raise ConfigurationError(f"there is no method {method!r}", hint="percentile or bca")
    rows = np.asarray(outcome)
    one_dimension(rows, "outcome")
    return units_of(rows.size, groups)


def _intervals(
    figures: Sequence[Figure], units: Units, samples: int, level: float, seed: int, method: str
) -> list[Interval]:
    rng = np.random.default_rng(seed)
    drawn: list[list[Floats]] = [[] for _ in figures]
    for counts in units.draws(rng, samples):
        for figure, found in zip(figures, drawn, strict=True):
            found.append(figure.of(counts))
    return [
        _interval(figure, units, np.concatenate(found), level, method)
        for figure, found in zip(figures, drawn, strict=True)
    ]


def _interval(figure: Figure, units: Units, drawn: Floats, level: float, method: str) -> Interval:
    defined = drawn[np.isfinite(drawn)]
    if defined.size < (1 - _MOST_UNDEFINED) * drawn.size:
        raise InvalidDataError(
            f"{figure.name} is undefined in {drawn.size - defined.size:,} of {drawn.size:,} resamples",
            hint="too few rows or groups of one class for an interval; gather more",
        )
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if method == "bca":
        tails = _corrected(tails, figure, units, defined)
    low, high = np.quantile(defined, tails)
    return Interval(float(figure.value), float(low), float(high), level)


def _corrected(tails: Floats, figure: Figure, units: Units, drawn: Floats) -> Floats:
    from statistics import NormalDist  # late: it brings fractions and decimals

    normal = NormalDist()
    below = float(np.mean(drawn < figure.value) + np.mean(drawn == figure.value) / 2)
    # All on one side: as far as this number of samples can tell, not infinitely far.
    least = 1 / (2 * drawn.size)
    bias = normal.inv_cdf(min(max(below, least), 1 - least))
    left = np.concatenate([figure.of(counts) for counts in units.without_blocks()])
    left = left[np.isfinite(left)]
    gaps = left.mean() - left if left.size else left
    spread = float(np.sum(gaps**2))
    skew = float(np.sum(gaps**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    moved = [bias + normal.inv_cdf(tail) for tail in tails]
    return np.array([normal.cdf(bias + each / _positive(1 - skew * each)) for each in moved])


def _positive(value: float) -> float:
    # Beyond the pole of the transformation there is no interval; its limit is the last sample.
    return value if value > 0 else math.ulp(1.0)
