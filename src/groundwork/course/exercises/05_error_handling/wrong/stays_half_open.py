"""A failed probe does not begin a new cooldown: the next caller is the next probe."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_probe_that_fails_opens_it_again",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def change(self, state):
        since_s = self.period.since_s
        again = self.period.state == "half-open" and state == "open"
        super().change(state)
        if again:
            self.period.since_s = since_s - self.cooldown_s
