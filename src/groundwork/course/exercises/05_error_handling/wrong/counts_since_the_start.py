"""Its window is its whole life."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "old_calls_leave_the_window",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def __init__(self, name, *, window=100, **options):
        super().__init__(name, window=10**6, **options)
