"""Compares the state at the end with that at the beginning: closed and closed again look the same."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "late_results_do_not_count",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def end(self, period, error):
        if period is not self.period and period.state == self.period.state:
            self.period.running += 1
            period = self.period
        super().end(period, error)
