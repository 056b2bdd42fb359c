"""Four failures open it, among however many successes."""

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
        return sum(results) >= self.minimum_calls
