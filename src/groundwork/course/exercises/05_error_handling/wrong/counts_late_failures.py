"""A failure counts when it comes, though its call began before the outage was over."""

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
        if isinstance(error, Exception) and period is not self.period:
            self.period.running += 1
            period = self.period
        super().end(period, error)
