"""Takes a window of 60 seconds for one of 60 calls."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_window_of_seconds_forgets",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def __init__(self, name, *, window=100, **options):
        super().__init__(name, window=int(window), **options)
