"""One failed call is 100 %."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_few_failures_do_not_open_it",
    "coroutines_are_guarded",
    "a_probe_that_succeeds_closes_it",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def failing(self, results):
        return sum(results) >= self.failure_rate * len(results)
