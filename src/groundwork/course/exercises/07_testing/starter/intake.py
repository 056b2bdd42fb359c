"""Rows for a model: asked of a source that fails now and then, cleaned, scaled, and handed on in batches.

What it promises stands in README.md, sentence by sentence. This is one way to keep it; your suite is held against
others.
"""

import math
import statistics
import time


def clean(values, *, low, high):
    """Return the values as floats within [low, high], each missing one as the median of the known."""
    if low > high:
        raise ValueError(f"low={low} is above high={high}")
    bounded = [None if _is_missing(value) else float(min(max(value, low), high)) for value in values]
    known = [value for value in bounded if value is not None]
    if bounded and not known:
        raise ValueError(f"none of the {len(bounded)} values is known")
    return [statistics.median(known) if value is None else value for value in bounded]


def _is_missing(value):
    return value is None or math.isnan(value)


class Scaler:
    """Shifts and scales values as it has learnt from others."""

    def __init__(self):
        self._mean = self._deviation = None

    def fit(self, values):
        """Learn the mean and the deviation."""
        values = list(values)
        if not values:
            raise ValueError("there is nothing to learn from")
        self._mean = statistics.fmean(values)
        self._deviation = statistics.pstdev(values) or 1.0
        return self

    def transform(self, values):
        """Scale values."""
        self._check()
        return [(value - self._mean) / self._deviation for value in values]

    def inverse(self, values):
        """Bring scaled values back."""
        self._check()
        return [value * self._deviation + self._mean for value in values]

    def _check(self):
        if self._mean is None:
            raise RuntimeError("fit the scaler first")


def fetch(source, *, attempts=4, first_s=1.0, cap_s=8.0, chance=None, sleep=time.sleep):
    """Call source() until it answers."""
    if attempts < 1:
        raise ValueError(f"attempts={attempts}; at least one is needed")
    for failures in range(attempts):
        if failures:
            wait_s = min(cap_s, first_s * 2 ** (failures - 1))
            sleep(wait_s if chance is None else wait_s * (0.5 + chance.random() / 2))
        try:
            return source()
        except (ConnectionError, TimeoutError) as error:
            last = error
    raise last


class Batcher:
    """Collects rows until there are enough, or the oldest has waited long enough."""

    def __init__(self, size, max_age_s, *, clock=time.monotonic):
        if size < 1:
            raise ValueError(f"size={size}; a batch has at least one row")
        self._size, self._max_age_s, self._clock = size, max_age_s, clock
        self._rows, self._since_s = [], 0.0

    def __len__(self):
        return len(self._rows)

    def add(self, row):
        """Take a row; give back the batch that it completes, or None."""
        now_s = self._clock()
        if not self._rows:
            self._since_s = now_s
        self._rows.append(row)
        if len(self._rows) >= self._size or now_s - self._since_s >= self._max_age_s:
            return self.flush()
        return None

    def flush(self):
        """Give back what waits."""
        rows, self._rows = self._rows, []
        return rows
