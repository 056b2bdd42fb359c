"""What the capstone's run must come to, calculated from the data here, with nothing of the learner's.

Rule: whatever the modules may decide for themselves (which rows make a batch) is taken from what they did; everything
else follows from that. Cost: some milliseconds.
"""

import csv
import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from groundwork.course._capstone_source import EPOCH_DAY, days, never_answered

LEARNING_RATE = 0.02
BOUNDS = {"temp": (-40.0, 130.0), "wind_speed": (0.0, 100.0), "visib": (0.0, 10.0), "pressure": (900.0, 1100.0)}
_MOST_DELAY_MIN = 180.0
_TWINS = 40
_DATA = Path(__file__).resolve().parent / "exercises" / "capstone" / "flights.csv"
Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight as it was corrected last.

    Attributes:
        number: Its id.
        day: Of its departure, counted from 1970.
        origin: The airport.
        delay_min: How late it came.
        given: Departure and distance.
    """

    number: int
    day: int
    origin: str
    delay_min: float
    given: tuple[float, float]


def write_flights(path: Path) -> None:
    """Write the flights as the airport sends them: in no order, and some with an earlier, wrong line.

    Args:
        path: The file.
    """
    with open(_DATA, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    chance = random.Random(20130520)
    chance.shuffle(rows)
    twins = [[*row[:-1], str(int(row[-1]) + 500)] for row in chance.sample(rows, _TWINS)]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *twins, *rows])


def flights() -> dict[int, Flight]:
    """Read the flights, each once.

    Returns:
        By id.
    """
    with open(_DATA, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        int(row["id"]): Flight(
            number=int(row["id"]),
            day=date.fromisoformat(row["date"]).toordinal() - EPOCH_DAY,
            origin=row["origin"],
            delay_min=float(row["delay_min"]),
            given=(float(row["departure_min"]), float(row["distance"])),
        )
        for row in rows
    }


def features(known: Mapping[int, Flight], numbers: Sequence[int]) -> Table:
    """Put together what the model is given of some flights.

    Args:
        known: All of them.
        numbers: Which, in order.

    Returns:
        A row each; NaN where nothing was measured.
    """
    return np.array([[*known[number].given, *_weather(known[number])] for number in numbers])


def prepared(train: Table, *others: Table) -> tuple[Table, ...]:
    """Fill gaps with the median and scale, both as learned from the first.

    Args:
        train: What is learned from.
        others: Further rows.

    Returns:
        All of them.
    """
    middle = np.nanmedian(train, axis=0)
    filled = [np.where(np.isnan(part), middle, part) for part in (train, *others)]
    width = filled[0].std(axis=0)
    return tuple((part - filled[0].mean(axis=0)) / np.where(width == 0, 1.0, width) for part in filled)


class Model:
    """The linear model, learned again from the batches that were drawn.

    Args:
        known: The flights.
        train: Ids of those that it learns from.

    Attributes:
        weights: After each step, from step 0 on.
    """

    def __init__(self, known: Mapping[int, Flight], train: Sequence[int]) -> None:
        self._seen = features(known, train)
        delays = [_bounded(known[number].delay_min) for number in train]
        self._mean, self._deviation = statistics.fmean(delays), statistics.pstdev(delays) or 1.0
        [scaled] = prepared(self._seen)
        self._place = {number: row for row, number in enumerate(train)}
        self._inputs = np.column_stack([scaled, np.ones(len(scaled))])
        self._targets = (np.array(delays) - self._mean) / self._deviation
        self.weights = [np.zeros(self._inputs.shape[1])]

    def learn(self, batches: Sequence[Sequence[int]]) -> None:
        """Take a step for each batch of ids."""
        for batch in batches:
            rows = [self._place[number] for number in batch]
            weight, inputs = self.weights[-1], self._inputs[rows]
            miss = inputs @ weight - self._targets[rows]
            self.weights.append(weight - LEARNING_RATE * (inputs.T @ miss) / len(rows))

    def predict(self, rows: Sequence[Sequence[float | None]] | Table, step: int) -> list[float]:
        """Say how late flights will be, as the model of one step does."""
        given = np.array(rows, dtype=float)
        _, scaled = prepared(self._seen, given)
        told = np.column_stack([scaled, np.ones(len(scaled))]) @ self.weights[step]
        return [float(minutes) for minutes in told * self._deviation + self._mean]


def figures(outcome: Sequence[float], predicted: Sequence[float]) -> dict[str, float]:
    """Judge predictions: rmse, mae, r2.

    Args:
        outcome: What came; delays count for three hours at most.
        predicted: What was said.

    Returns:
        By name.
    """
    came = np.array([_bounded(minutes) for minutes in outcome])
    miss = np.array(predicted) - came
    spread = float(((came - came.mean()) ** 2).sum())
    return {
        "rmse": math.sqrt(float((miss**2).mean())),
        "mae": float(np.abs(miss).mean()),
        "r2": 1 - float((miss**2).sum()) / spread,
    }


def width_by_days(outcome: Sequence[float], predicted: Sequence[float], on: Sequence[int]) -> float:
    """Say how wide an interval of the mean error is if whole days are drawn.

    Args:
        outcome: What came.
        predicted: What was said.
        on: The day of each.

    Returns:
        Minutes between the 2.5th and the 97.5th percentile.
    """
    came = np.array([_bounded(minutes) for minutes in outcome])
    errors = np.abs(np.array(predicted) - came)
    groups = [np.flatnonzero(np.array(on) == day) for day in sorted(set(on))]
    chance = np.random.default_rng(1)
    means = [
        errors[np.concatenate([groups[each] for each in chance.integers(0, len(groups), len(groups))])].mean()
        for _ in range(1000)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(high - low)


def close(found: Any, expected: Any, tolerance: float = 1e-6) -> bool:
    """Tell whether numbers are those expected.

    Args:
        found: From a process of the learner's: anything.
        expected: Numbers.
        tolerance: Relative, and absolute.

    Returns:
        False also for other shapes and for what is no number.
    """
    try:
        one, other = np.array(found, dtype=float), np.array(expected, dtype=float)
    except (TypeError, ValueError):
        return False
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=tolerance, atol=tolerance))


def _weather(flight: Flight) -> list[float]:
    path = f"/weather/{flight.origin}/{flight.day}"
    return [math.nan if path in never_answered() else _mean(days()[path][name], *BOUNDS[name]) for name in BOUNDS]


def _mean(readings: Sequence[float | None], low: float, high: float) -> float:
    known = [min(max(value, low), high) for value in readings if value is not None]
    if not known:
        return math.nan
    middle = statistics.median(known)
    return sum([*known, *[middle] * (len(readings) - len(known))]) / len(readings)


def _bounded(minutes: float) -> float:
    return float(min(max(minutes, -_MOST_DELAY_MIN), _MOST_DELAY_MIN))
