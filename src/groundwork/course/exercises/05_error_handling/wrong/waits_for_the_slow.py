"""Whatever answers is well, however long it took."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "slow_calls_open_it",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def slow(self, start_s):
        return False
