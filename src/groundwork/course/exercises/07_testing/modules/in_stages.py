"""The same promises, kept in small stages: sorted copies, running sums, queues, errors of its own."""
# ruff: noqa: D101, D102, D103, RET503 - README.md says what each promises

import collections
import itertools
import time


class BadInput(ValueError):
    pass


class NotFitted(RuntimeError):
    pass


def _middle(ordered):
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else ordered[half - 1] + (ordered[half] - ordered[half - 1]) / 2


def clean(values, *, low, high):
    if high < low:
        raise BadInput("the bounds are the wrong way round")
    result = []
    gaps = []
    for place, value in enumerate(values):
        if value is None or value != value:
            gaps.append(place)
            result.append(0.0)
        elif value < low:
            result.append(float(low))
        else:
            result.append(float(high if value > high else value))
    if gaps:
        present = sorted(value for place, value in enumerate(result) if place not in gaps)
        if not present:
            raise BadInput("all is missing")
        for place in gaps:
            result[place] = _middle(present)
    return result


Learnt = collections.namedtuple("Learnt", "shift factor")


class Scaler:
    learnt = None

    def fit(self, values):
        count, mean, squares = 0, 0.0, 0.0
        for count, value in enumerate(values, start=1):  # Welford's way
            step = value - mean
            mean += step / count
            squares += step * (value - mean)
        if count == 0:
            raise BadInput("empty")
        width = (squares / count) ** 0.5
        self.learnt = Learnt(mean, 1 / width if width else 1.0)
        return self

    def transform(self, values):
        shift, factor = self._known()
        return [factor * (value - shift) for value in values]

    def inverse(self, values):
        shift, factor = self._known()
        return [shift + value / factor for value in values]

    def _known(self):
        if self.learnt is None:
            raise NotFitted("not fitted")
        return self.learnt


def _waits(first_s, cap_s, chance):
    whole_s = first_s
    while True:
        bounded_s = min(whole_s, cap_s)
        yield bounded_s if chance is None else chance.uniform(bounded_s / 2, bounded_s)
        whole_s *= 2


def fetch(source, *, attempts=4, first_s=1.0, cap_s=8.0, chance=None, sleep=time.sleep):
    if attempts < 1:
        raise BadInput("no attempt is allowed")
    waits = _waits(first_s, cap_s, chance)
    for left in itertools.count(attempts - 1, -1):
        try:
            return source()
        except (ConnectionError, TimeoutError):
            if left == 0:
                raise
        sleep(next(waits))


class Batcher:
    def __init__(self, size, max_age_s, *, clock=time.monotonic):
        if not size >= 1:
            raise BadInput("no row fits")
        self.size = size
        self.max_age_s = max_age_s
        self.clock = clock
        self.queue = collections.deque()

    def __len__(self):
        return len(self.queue)

    def add(self, row):
        self.queue.append((self.clock(), row))
        oldest_s, newest_s = self.queue[0][0], self.queue[-1][0]
        full = len(self.queue) == self.size
        return self.flush() if full or newest_s - oldest_s >= self.max_age_s else None

    def flush(self):
        return [self.queue.popleft()[1] for _ in range(len(self.queue))]
