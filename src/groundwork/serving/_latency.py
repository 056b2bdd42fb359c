"""Latencies of any number of requests, in bounded memory.

Rule: a percentile is exact to 0.2 %; values are kept in a histogram whose buckets grow by that much.
Cost: one append to a list a value; every 65,536 of them go to the histogram together.
"""

import math
from typing import Any, TypeAlias

import numpy as np

Counts: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

_LEAST_S = 1e-6
_GROWTH = math.log(1.002)
_BUCKETS = 12_000  # from a microsecond to seven hours
_PENDING = 65_536


class Latencies:
    """A histogram of seconds.

    Attributes:
        record: Call it with one latency in seconds.
    """

    __slots__ = ("_counts", "_max_s", "_pending", "_sum_s", "record")

    def __init__(self) -> None:
        self._counts: Counts = np.zeros(_BUCKETS)
        self._sum_s = 0.0
        self._max_s = 0.0
        self._pending: list[float] = []
        # The list's own method: nothing of ours is called a million times.
        self.record = self._pending.append

    def fold(self) -> None:
        """Move what was recorded into the histogram if there is much of it; call it now and then."""
        if len(self._pending) >= _PENDING:
            self._fold()

    @property
    def count(self) -> int:
        """How many values there are."""
        self._fold()
        return round(float(self._counts.sum()))

    @property
    def mean_s(self) -> float:
        """Their mean, or nan without any."""
        count = self.count
        return self._sum_s / count if count else math.nan

    @property
    def max_s(self) -> float:
        """The largest, or nan without any."""
        return self._max_s if self.count else math.nan

    def percentile_s(self, percent: float) -> float:
        """Return the smallest value that at least this share does not exceed.

        Args:
            percent: From 0 to 100.

        Returns:
            Seconds; nan without any value.
        """
        self._fold()
        return self._percentile(self._counts, percent)

    def corrected(self, interval_s: float) -> "Latencies":
        """Return what would have been seen, had requests been sent every ``interval_s`` whatever the server did.

        A caller that waits for its answer sends nothing meanwhile, so one long wait counts once, where callers that do
        not wait for each other would have seen it many times. A latency longer than the interval therefore stands for
        all requests that should have been sent during it.

        Args:
            interval_s: Seconds between the requests of one caller.

        Source:
            Tene, "How NOT to Measure Latency", 2013; ``recordValueWithExpectedInterval`` of HdrHistogram.
        """
        self._fold()
        result = Latencies()
        result._max_s = self._max_s
        counts = self._counts.copy()
        if interval_s > 0:
            for bucket in np.flatnonzero(self._counts):
                value_s = _value(int(bucket))
                missed = np.arange(value_s - interval_s, interval_s * (1 - 1e-9), -interval_s)
                if len(missed):
                    np.add.at(counts, _buckets(missed), self._counts[bucket])
        result._counts = counts
        result._sum_s = float((counts * _VALUES).sum())
        return result

    def curve(self, points: int = 200) -> list[tuple[float, float]]:
        """Return percentiles and their seconds, ever denser towards 100.

        Args:
            points: How many at most.
        """
        count = self.count
        if not count:
            return []
        last = math.log10(max(count, 2))
        percents = [100.0 * (1 - 10 ** (-last * point / points)) for point in range(points + 1)]
        return [(percent, self._percentile(self._counts, percent)) for percent in percents]

    def _percentile(self, counts: Counts, percent: float) -> float:
        running = np.cumsum(counts)
        if not running[-1]:
            return math.nan
        bucket = int(np.searchsorted(running, max(1.0, running[-1] * percent / 100)))
        return min(_value(min(bucket, _BUCKETS - 1)), self._max_s)

    def _fold(self) -> None:
        if not self._pending:
            return
        values = np.asarray(self._pending)
        self._pending.clear()
        self._sum_s += float(values.sum())
        self._max_s = max(self._max_s, float(values.max()))
        self._counts += np.bincount(_buckets(values), minlength=_BUCKETS)


def _buckets(values: Any) -> Any:
    ratio = np.log(np.maximum(values, _LEAST_S) / _LEAST_S) / _GROWTH
    return np.minimum(np.round(ratio), _BUCKETS - 1).astype(np.int64)


def _value(bucket: int) -> float:
    return _LEAST_S * math.exp(bucket * _GROWTH)


_VALUES: Counts = _LEAST_S * np.exp(np.arange(_BUCKETS) * _GROWTH)
