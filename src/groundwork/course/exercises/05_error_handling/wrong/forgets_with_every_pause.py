"""Forgets everything whenever some seconds have passed, also what the window should still hold."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_window_of_seconds_forgets",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def forget(self, period):
        if len(period.at_s) > 1 and period.at_s[-1] - period.at_s[-2] > 5:
            while len(period.at_s) > 1:
                period.at_s.popleft()
                period.results.popleft()
