"""A ConnectionResetError is no ConnectionError to it."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "other_errors_are_answers",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def end(self, period, error):
        named = self.on is Exception or not isinstance(error, Exception) or type(error) is self.on
        super().end(period, error if named else None)
