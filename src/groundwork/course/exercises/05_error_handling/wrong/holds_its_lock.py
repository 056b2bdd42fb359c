"""Holds its lock while the call runs, as pybreaker does."""

import threading
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "calls_run_side_by_side",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def __init__(self, name, **options):
        super().__init__(name, **options)
        self.turn = threading.RLock()

    def call(self, fn, *args, **kwargs):
        with self.turn:
            return super().call(fn, *args, **kwargs)
