"""The same promises, kept with functions that remember: no state has a name that one could look at."""
# ruff: noqa: D101, D102, D103 - README.md says what each promises

import functools
import math
import statistics
import time


def clean(values, *, low, high):
    if low > high:
        raise ValueError(low, high)
    known = [float(sorted((low, value, high))[1]) for value in values if value is not None and not math.isnan(value)]
    if not known and len(values) > 0:
        raise ValueError("nothing to go by")
    fill = statistics.quantiles([*known, *known], n=2, method="inclusive")[0] if known else None
    following = iter(known)
    return [fill if value is None or math.isnan(value) else next(following) for value in values]


class Scaler:
    def __init__(self):
        def refuse(values):
            raise RuntimeError("what should it have learnt from?")

        self.there = self.back = refuse

    def fit(self, values):
        numbers = [*values]
        if len(numbers) == 0:
            raise ValueError(numbers)
        mean, deviation = numbers[0], 1.0
        if min(numbers) < max(numbers):
            mean = math.fsum(numbers) / len(numbers)
            deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))
        self.there = lambda values: [(value - mean) / deviation for value in values]
        self.back = lambda values: [math.fsum((value * deviation, mean)) for value in values]
        return self

    def transform(self, values):
        return self.there(values)

    def inverse(self, values):
        return self.back(values)


def fetch(source, *, attempts=4, first_s=1.0, cap_s=8.0, chance=None, sleep=time.sleep):
    if attempts <= 0:
        raise ValueError(attempts)
    try:
        return source()
    except (TimeoutError, ConnectionError):
        if attempts == 1:
            raise
    wait_s = first_s if first_s < cap_s else cap_s
    sleep(wait_s if chance is None else wait_s - chance.random() * wait_s / 2)
    again = functools.partial(fetch, source, attempts=attempts - 1, first_s=first_s * 2, cap_s=cap_s)
    return again(chance=chance, sleep=sleep)


class Batcher:
    def __init__(self, size, max_age_s, *, clock=time.monotonic):
        if size <= 0:
            raise ValueError(size)
        rows, began_s = [], []

        def flush():
            batch = rows.copy()
            rows.clear()
            began_s.clear()
            return batch

        def add(row):
            rows.append(row)
            began_s.append(clock())
            late = began_s[-1] - began_s[0] >= max_age_s
            return flush() if late or len(rows) >= size else None

        self.take, self.give, self.count = add, flush, rows.__len__

    def __len__(self):
        return self.count()

    def add(self, row):
        return self.take(row)

    def flush(self):
        return self.give()
