"""A probe that ends in no Exception is no failure, so it must be a success."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_lost_probe_frees_its_slot",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def end(self, period, error):
        lost = period.state == "half-open" and error is not None and not isinstance(error, Exception)
        super().end(period, None if lost else error)
