"""What is no failure is a success to it, a Ctrl-C included: an outage is hidden behind those who gave up."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "interruptions_are_not_counted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def end(self, period, error):
        super().end(period, None if isinstance(error, KeyboardInterrupt) else error)
