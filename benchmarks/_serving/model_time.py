"""Print the median milliseconds of the model alone: one row, and 64."""

import statistics
from time import perf_counter

import model

estimator = model.load()
for count in (1, 64):
    rows = [[round(0.37 * column + 0.011, 4) for column in range(model.COLUMNS)]] * count
    times = []
    for _ in range(2000):
        started = perf_counter()
        model.predict(estimator, rows)
        times.append(perf_counter() - started)
    print(statistics.median(times) * 1000)
