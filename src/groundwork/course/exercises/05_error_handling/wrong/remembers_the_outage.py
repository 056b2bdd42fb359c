"""Closes with the results of the outage still in its window."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_probe_that_succeeds_closes_it",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def change(self, state):
        results = getattr(self, "results", ())
        if state == "open" and self.period.state == "closed":
            self.results = self.period.results
        super().change(state)
        if state == "closed":
            self.period.results.extend(results)
