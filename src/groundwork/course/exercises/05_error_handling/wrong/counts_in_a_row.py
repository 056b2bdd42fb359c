"""Asks for four failures in a row; every second call may fail for ever."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "opens_at_the_failure_rate",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def failing(self, results):
        return all(list(results)[-self.minimum_calls :]) and len(results) >= self.minimum_calls
