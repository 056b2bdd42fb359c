"""Does not ask which errors are failures."""

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
        super().end(period, ConnectionError() if isinstance(error, Exception) else error)
